#include "server/rest_service.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::string_view kSessions = "/api/2.0/sql/sessions";
constexpr std::string_view kStatements = "/api/2.0/sql/statements";

/// The number of a result in a statement id.
std::uint32_t number_in(std::string_view statement_id) {
  std::uint32_t number = 0;
  statement_id = statement_id.substr(0, statement_id.find_first_of("-/?"));
  std::from_chars(statement_id.data(), statement_id.data() + statement_id.size(), number, 16);
  return number;
}

}  // namespace

std::string_view answer_rest(const HttpRequest& request, Service& service, std::string& body) {
  std::string_view path = request.target.substr(0, request.target.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with(kSessions)) {
    body = request.method == "POST" ? R"({"session_id":"01f0aaaa-0000-1000-8000-000000000001"})"
                                    : "{}";
    return body;
  }
  if (!path.starts_with(kStatements)) return {};
  if (request.method == "POST" && path == kStatements) {
    const auto statement = nlohmann::json::parse(request.body).at("statement").get<std::string>();
    const PreparedResult& result = service.prepare(statement);
    if (result.rest_answer.empty())
      throw std::invalid_argument("only results of files are sent over the REST protocol");
    service.note_options("REST " + std::string(request.body.substr(0, 400)));
    return result.rest_answer;
  }
  if (request.method == "GET" && path.size() > kStatements.size() + 1)
    return service.result(number_in(path.substr(kStatements.size() + 1))).rest_answer;
  body = "{}";  // closing and cancelling
  return body;
}

}  // namespace dbsql::bench
