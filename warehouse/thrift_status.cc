#include "warehouse/thrift_status.h"

#include "base/text.h"
#include "warehouse/guid.h"

#include <nlohmann/json.hpp>

#include <array>
#include <vector>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kSessionException = "org.apache.hive.service.cli.HiveSQLException";

// The shape of a server's stack, not any server's: class:method:file:line.
constexpr std::array<std::string_view, 12> kStackFrames{
    "org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation:$anonfun$execute$1:"
    "SparkExecuteStatementOperation.scala:696",
    "scala.runtime.java8.JFunction0$mcV$sp:apply:JFunction0$mcV$sp.java:23",
    "org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation:execute:"
    "SparkExecuteStatementOperation.scala:559",
    "org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation$$anon$2$$anon$3:$"
    "anonfun$run$2:SparkExecuteStatementOperation.scala:403",
    "org.apache.spark.sql.hive.thriftserver.SparkOperation:withLocalProperties:SparkOperation."
    "scala:87",
    "org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation$$anon$2$$anon$3:run:"
    "SparkExecuteStatementOperation.scala:381",
    "java.security.AccessController:doPrivileged:AccessController.java:-2",
    "javax.security.auth.Subject:doAs:Subject.java:423",
    "java.util.concurrent.Executors$RunnableAdapter:call:Executors.java:515",
    "java.util.concurrent.FutureTask:run:FutureTask.java:264",
    "java.util.concurrent.ThreadPoolExecutor:runWorker:ThreadPoolExecutor.java:1128",
    "java.lang.Thread:run:Thread.java:829",
};

std::vector<std::string> stack_lines(std::string_view exception, std::string_view message) {
  std::vector<std::string> lines;
  lines.push_back(base::concat("*", exception, ":", message, ":", kStackFrames.size() + 1, ":1"));
  lines.insert(lines.end(), kStackFrames.begin(), kStackFrames.end());
  return lines;
}

std::string with_stack(std::string text) {
  for (const std::string_view frame : kStackFrames) text += base::concat("\n\tat ", frame);
  return text;
}

/// The message without its error class in front and its SQLSTATE at the end.
std::string plain_text(const EngineError& error) {
  std::string_view text = error.message;
  const std::string name = base::concat("[", error.error_class, "] ");
  if (text.starts_with(name)) text.remove_prefix(name.size());
  return std::string(base::trim(text.substr(0, text.find(" SQLSTATE: "))));
}

std::string_view exception_class(const EngineError& error) {
  if (error.sqlstate == "42601") return "org.apache.spark.sql.catalyst.parser.ParseException";
  if (error.sqlstate.starts_with("42"))
    return "org.apache.spark.sql.catalyst.ExtendedAnalysisException";
  return "org.apache.spark.SparkException";
}

std::string_view operation_type_name(std::int32_t type) {
  static constexpr std::array<std::string_view, 8> kNames{
      "EXECUTE_STATEMENT", "GET_TYPE_INFO",   "GET_CATALOGS", "GET_SCHEMAS",
      "GET_TABLES",        "GET_TABLE_TYPES", "GET_COLUMNS",  "GET_FUNCTIONS"};
  const auto index = static_cast<std::size_t>(type);
  return type >= 0 && index < kNames.size() ? kNames[index] : "UNKNOWN_OPERATION";
}

std::string guid_text(const std::string& bytes) {
  return base::to_uuid_text(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

tcli::TStatus invalid_handle(const tcli::THandleIdentifier& identifier, const std::string& message,
                             ErrorStyle style) {
  tcli::TStatus status = service_error("08000", message, style);
  if (!Guid::from_bytes(identifier.guid))
    status.statusCode = tcli::TStatusCode::INVALID_HANDLE_STATUS;
  return status;
}

}  // namespace

tcli::TStatus success_status() {
  tcli::TStatus status;
  status.__set_statusCode(tcli::TStatusCode::SUCCESS_STATUS);
  return status;
}

std::string technical_message(const EngineError& error, ErrorStyle style) {
  if (style == ErrorStyle::Plain)
    return base::concat("Error running query: ", exception_class(error), ": ", plain_text(error));
  const std::string name =
      error.error_class.empty() ? std::string() : base::concat("[", error.error_class, "] ");
  const std::string text =
      base::concat("Error running query: ", name, exception_class(error), ": ", error.message);
  return style == ErrorStyle::Stack ? with_stack(base::concat(kSessionException, ": ", text))
                                    : text;
}

std::string error_details_json(const EngineError& error) {
  nlohmann::ordered_json json;
  json["errorClass"] = error.error_class;
  json["messageTemplate"] = error.message;
  json["sqlState"] = error.sqlstate;
  json["messageParameters"] = nlohmann::ordered_json::object();
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string diagnostic_info(const EngineError& error) {
  return with_stack(base::concat(exception_class(error), ": ", error.message));
}

tcli::TStatus error_status(const EngineError& error, ErrorStyle style) {
  tcli::TStatus status;
  status.__set_statusCode(tcli::TStatusCode::ERROR_STATUS);
  const std::string message = technical_message(error, style);
  status.__set_infoMessages(stack_lines(kSessionException, message));
  status.__set_sqlState(error.sqlstate);
  status.__set_errorCode(0);
  status.__set_errorMessage(message);
  if (style == ErrorStyle::Full) {
    status.__set_displayMessage(error.message);
    status.__set_errorDetailsJson(error_details_json(error));
  }
  return status;
}

tcli::TStatus service_error(std::string_view sqlstate, std::string_view message, ErrorStyle style) {
  tcli::TStatus status;
  status.__set_statusCode(tcli::TStatusCode::ERROR_STATUS);
  status.__set_infoMessages(stack_lines(kSessionException, message));
  status.__set_sqlState(std::string(sqlstate));
  status.__set_errorCode(0);
  status.__set_errorMessage(std::string(message));
  if (style == ErrorStyle::Full) status.__set_displayMessage(std::string(message));
  return status;
}

tcli::TStatus invalid_operation(const tcli::TOperationHandle& handle, ErrorStyle style) {
  return invalid_handle(
      handle.operationId,
      base::concat("Invalid OperationHandle: OperationHandle [opType=",
                   operation_type_name(static_cast<std::int32_t>(handle.operationType)),
                   ", getHandleIdentifier()=", guid_text(handle.operationId.guid), "]"),
      style);
}

tcli::TStatus invalid_session(const tcli::TSessionHandle& handle, ErrorStyle style) {
  return invalid_handle(
      handle.sessionId,
      base::concat("Invalid SessionHandle: SessionHandle [", guid_text(handle.sessionId.guid), "]"),
      style);
}

EngineError interruption_error(OperationState state) {
  switch (state) {
    case OperationState::TimedOut:
      return {
          .sqlstate = "HYT00", .error_class = "", .message = "The statement ran into its timeout."};
    case OperationState::Canceled:
      return {.sqlstate = "HY008", .error_class = "", .message = "The statement was cancelled."};
    default:
      return {.sqlstate = "08000",
              .error_class = "",
              .message = "Invalid OperationHandle: the operation was closed"};
  }
}

}  // namespace dbsql::warehouse
