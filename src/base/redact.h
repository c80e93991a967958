#pragma once

#include <string>
#include <string_view>

namespace dbsql::base {

/// The text with everything secret replaced by `***`: bearer and basic credentials, Databricks
/// tokens (`dapi...` and its siblings), JSON web tokens, private keys, passwords in URLs, every
/// query value of a URL, and what follows the name of a secret (secret_value.h;
/// reference/auth-http-config.md 5.5). Every log line and every error message that quotes outside
/// text passes here. Takes any bytes, in time proportional to their number; what was redacted stays
/// as it is.
std::string redact(std::string_view text);

/// The same, and without what says who or where somebody is: for text that leaves the process, such
/// as log lines and telemetry. Values named token, secret or api key are masked also where they may
/// be words of a sentence, and so are the names after `/home/`, `C:\\Users\\`, `/opt/` and their
/// like, and of shares (reference/telemetry.md 5.3).
std::string redact_strictly(std::string_view text);

}  // namespace dbsql::base
