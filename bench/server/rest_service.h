#pragma once

#include "server/service.h"

#include <string>
#include <string_view>

namespace dbsql::bench {

/// One HTTP request, in place.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  ///< path and query
  std::string_view body;
  std::size_t size = 0;  ///< of head and body
};

/// Answers the few calls of the REST protocol that a result of files needs.
///
/// \param body  memory of the caller for answers that are not prepared
/// \return the JSON; empty when there is no such call
/// \throws std::invalid_argument  no such statement
std::string_view answer_rest(const HttpRequest& request, Service& service, std::string& body);

}  // namespace dbsql::bench
