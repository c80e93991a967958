#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::http {

/// An absolute http or https URL in parts. Escapes are kept as written; only the scheme and the
/// host are lower-cased.
struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< name, IPv4 address, or IPv6 address without its brackets
  std::uint16_t port = 0;  ///< never 0 after parsing: 443 or 80 when the text names none
  std::string path;        ///< begins with '/', or empty
  std::string query;       ///< without '?'

  /// Reads `scheme://host[:port][/path][?query]`, strictly: no user info, no fragment, no blanks or
  /// control characters. \return nothing when the text is anything else
  static std::optional<Url> parse(std::string_view text);

  /// The text form; the port is left out when it is the scheme's own.
  std::string to_string() const;

  /// `scheme://host:port` without path and query, for logs and errors.
  std::string origin() const;

  /// `host:port` with brackets where needed.
  std::string authority() const;

  friend bool operator==(const Url&, const Url&) = default;
};

/// Whether a host can only be this machine: `localhost`, names below it, 127.0.0.0/8, ::1.
/// \param host  without brackets
bool is_loopback_host(std::string_view host) noexcept;

/// Undoes %XX escapes, and '+' for a blank where asked (query values).
/// \return nothing when an escape is incomplete or not hexadecimal
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

/// Escapes everything but unreserved characters (RFC 3986 2.3) and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace dbsql::http
