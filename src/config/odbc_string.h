#pragma once

#include "config/option_set.h"

#include <string_view>

namespace dbsql::config {

/// Reads an ODBC connection string, `KEY=VALUE;KEY={VALUE};...`, with the keys of the ODBC driver
/// and our own (reference/auth-http-config.md 1.7). Keys have no case, the first of a kind counts,
/// and in braces `}}` stands for `}`. `SSP_NAME` is a setting of the session; any other unknown key
/// is an error. \throws ConfigurationError "invalid ODBC string: ..."; no secret appears in it
OptionSet read_odbc_string(std::string_view text);

/// Whether a text is of this form: a key and `=` come before anything that a URL would begin with.
bool is_odbc_string(std::string_view text) noexcept;

}  // namespace dbsql::config
