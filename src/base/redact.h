#pragma once

#include <string>
#include <string_view>

namespace dbsql::base {

/// The text with everything secret replaced by `***`: bearer and basic credentials, Databricks
/// tokens (`dapi...` and its siblings), JSON web tokens, passwords in URLs, every query value of a
/// URL, and secret form fields (reference/auth-http-config.md 5.5). Every log line and every error
/// message that quotes outside text passes here.
std::string redact(std::string_view text);

}  // namespace dbsql::base
