#include "protocol/classify_error.h"

#include "base/one_line.h"
#include "base/text.h"
#include "http/warehouse_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::protocol {

namespace {

constexpr std::array<std::pair<std::string_view, ErrorKind>, 19> kExactStates{{
    {"42501", ErrorKind::PermissionDenied},
    {"42P01", ErrorKind::NotFound},
    {"42704", ErrorKind::NotFound},
    {"42703", ErrorKind::NotFound},
    {"42S02", ErrorKind::NotFound},
    {"42S22", ErrorKind::NotFound},
    {"42P07", ErrorKind::AlreadyExists},
    {"42710", ErrorKind::AlreadyExists},
    {"42S01", ErrorKind::AlreadyExists},
    {"42601", ErrorKind::SqlSyntax},
    {"40001", ErrorKind::TransactionConflict},
    {"HYT00", ErrorKind::Timeout},
    {"57014", ErrorKind::Cancelled},
    {"HY008", ErrorKind::Cancelled},
    {"28000", ErrorKind::Unauthenticated},
    {"2D521", ErrorKind::TransactionConflict},
    {"57KD0", ErrorKind::Timeout},
    {"53200", ErrorKind::SqlOther},
    {"0A000", ErrorKind::NotSupported},
}};

constexpr std::array<std::pair<std::string_view, ErrorKind>, 6> kStateClasses{{
    {"42", ErrorKind::SqlSyntax},
    {"22", ErrorKind::SqlData},
    {"23", ErrorKind::SqlConstraint},
    {"0A", ErrorKind::NotSupported},
    {"25", ErrorKind::TransactionState},
    {"40", ErrorKind::TransactionConflict},
}};

bool is_state_char(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

/// The length of `[CLASS] ` at the start of a text, 0 when it starts otherwise.
std::size_t leading_class(std::string_view text) noexcept {
  if (!text.starts_with('[') || error_class_in(text).empty()) return 0;
  const std::size_t end = text.find("] ");
  return end == std::string_view::npos ? 0 : end + 2;
}

/// The length of `package.SomeException: ` at the start of a text, 0 when it starts otherwise.
std::size_t leading_exception(std::string_view text) noexcept {
  const std::size_t end = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, end);
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return is_state_char(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '$';
  });
  const bool is_exception = name.find('.') != std::string_view::npos &&
                            (name.ends_with("Exception") || name.ends_with("Error"));
  return end < text.size() && is_name && is_exception ? end + 1 : 0;
}

/// The message for people out of a technical one: open-source servers have no other
/// (reference/thrift.md 5.3). In front of it stand the classes of the exceptions it went through,
/// behind it their stack.
std::string_view without_exceptions(std::string_view message) noexcept {
  constexpr std::string_view kPrefix = "Error running query: ";
  std::string_view text = base::trim(message.substr(0, message.find("\n\tat ")));
  for (;;) {
    const std::size_t name = leading_class(text);
    const std::size_t exception = leading_exception(text.substr(name));
    std::string_view rest = text;
    if (text.starts_with(kPrefix)) {
      rest.remove_prefix(kPrefix.size());
    } else if (exception != 0) {
      rest.remove_prefix(name + exception);
    }
    rest = base::trim(rest);
    if (rest.empty() || rest.size() == text.size()) return text;
    text = rest;
  }
}

/// Without the SQL excerpt that servers append for terminals.
std::string for_people(std::string_view message) {
  message = without_exceptions(message);
  return base::one_line(message.substr(0, message.find("\n\n== SQL")));
}

/// Statements also fail because the compute under them goes away (reference/sea.md 10).
void add_warehouse_state(ErrorFields& fields) {
  const std::string_view text = fields.message;
  const std::size_t begun = leading_class(text);
  const std::string_view leading = begun == 0 ? std::string_view() : text.substr(1, begun - 3);
  switch (http::warehouse_state_in_failure(text, leading)) {
    case http::WarehouseState::Starting:
    case http::WarehouseState::Stopped:
      fields.kind = ErrorKind::Unavailable;
      fields.message += "; the warehouse was not available: run the statement again";
      break;
    case http::WarehouseState::Deleted:
      fields.kind = ErrorKind::Configuration;
      fields.connection_dead = true;
      fields.message += "; there is no such warehouse any more: connect to another one";
      break;
    case http::WarehouseState::Unknown:
      break;
  }
}

}  // namespace

ErrorKind classify_sqlstate(std::string_view sqlstate) noexcept {
  for (const auto& [state, kind] : kExactStates) {
    if (state == sqlstate) return kind;
  }
  for (const auto& [prefix, kind] : kStateClasses) {
    if (sqlstate.starts_with(prefix)) return kind;
  }
  return ErrorKind::SqlOther;
}

std::string_view sqlstate_in(std::string_view message) noexcept {
  constexpr std::string_view kMark = "SQLSTATE: ";
  const std::size_t at = message.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view state = message.substr(at + kMark.size(), 5);
  const bool whole = state.size() == 5 && std::all_of(state.begin(), state.end(), is_state_char);
  return whole ? state : std::string_view{};
}

std::string_view error_class_in(std::string_view message) noexcept {
  const std::size_t open = message.find('[');
  if (open == std::string_view::npos) return {};
  const std::size_t close = message.find(']', open);
  if (close == std::string_view::npos) return {};
  const std::string_view name = message.substr(open + 1, close - open - 1);
  const bool is_class = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_state_char(c) || c == '_' || c == '.';
  });
  return is_class ? name : std::string_view{};
}

ErrorFields classify(const ServerError& error) {
  ErrorFields fields;
  fields.sqlstate =
      error.sqlstate.size() == 5 ? error.sqlstate : std::string(sqlstate_in(error.message));
  fields.error_class =
      error_class_in(std::string_view(error.message).substr(0, error.message.find("\n\tat ")));
  fields.native_code = error.native_code;
  fields.kind = classify_sqlstate(fields.sqlstate);
  fields.message = for_people(error.message);
  if (fields.message.empty()) fields.message = "the server failed the statement without saying why";
  // Errors of SQL have a state or a class of their own, and may quote these words.
  const bool is_of_sql = fields.kind != ErrorKind::SqlOther || leading_class(fields.message) != 0;
  const auto says = [&](std::string_view words) {
    return !is_of_sql && error.message.find(words) != std::string::npos;
  };
  if (says("Invalid SessionHandle")) {
    fields.kind = ErrorKind::SessionExpired;
    fields.sqlstate.clear();  // the server's 08000 says no more than that it failed
    fields.connection_dead = true;
    fields.message =
        "the session has expired or was closed on the server; open a new connection (" +
        fields.message + ")";
  } else if (says("Invalid OperationHandle")) {
    fields.kind = ErrorKind::StatementClosed;
    fields.message =
        "the server no longer knows this statement; run it again (" + fields.message + ")";
  } else if (fields.kind == ErrorKind::SqlOther) {
    add_warehouse_state(fields);
  }
  return fields;
}

}  // namespace dbsql::protocol
