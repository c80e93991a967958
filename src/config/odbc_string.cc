#include "config/odbc_string.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/driver_auth.h"
#include "config/ignored_keys.h"
#include "config/with_context.h"

#include <algorithm>
#include <utility>

namespace dbsql::config {
namespace {

constexpr const char* kOrigin = "ODBC string";
constexpr const char* kContext = "invalid ODBC string";
constexpr std::string_view kServerSide = "SSP_";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// Reads one string from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  OptionSet read() {
    while (skip_separators(), !rest_.empty()) {
      const std::string_view key = take_key();
      take_pair(key, take_value());
    }
    auth_.apply(set_, kOrigin);
    return std::move(set_);
  }

 private:
  void skip_separators() {
    rest_ = base::trim(rest_);
    while (rest_.starts_with(';')) rest_ = base::trim(rest_.substr(1));
  }

  std::string_view take_key() {
    const auto end = rest_.find_first_of("=;");
    if (end == std::string_view::npos || rest_[end] == ';') fail("a key has no '=' after it");
    const std::string_view key = base::trim(rest_.substr(0, end));
    if (key.empty()) fail("there is a '=' without a key before it");
    rest_.remove_prefix(end + 1);
    return key;
  }

  std::string take_value() {
    rest_ = base::trim(rest_);
    if (rest_.starts_with('{')) return take_braced();
    const auto end = std::min(rest_.find(';'), rest_.size());
    std::string value(base::trim(rest_.substr(0, end)));
    rest_.remove_prefix(end);
    return value;
  }

  /// `{...}`, in which `}}` is a brace and everything else is itself.
  std::string take_braced() {
    std::string value;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] != '}') {
        value += rest_[at];
      } else if (at + 1 < rest_.size() && rest_[at + 1] == '}') {
        value += '}';
        ++at;
      } else {
        rest_ = base::trim(rest_.substr(at + 1));
        if (!rest_.empty() && !rest_.starts_with(';'))
          fail("something stands between a closing '}' and the next ';'");
        return value;
      }
    }
    fail("a value begins with '{' and has no closing '}'");
  }

  void take_pair(std::string_view key, const std::string& value) {
    if (auth_.take(key, value, Repeat::First)) return;
    if (set_.set(Dialect::Odbc, key, value, kOrigin, Repeat::First)) return;
    if (base::starts_with_ignore_case(key, kServerSide))
      return set_.set_session(key.substr(kServerSide.size()), value, kOrigin, Repeat::First);
    if (!is_ignored_key(key)) set_.set_known(Dialect::Odbc, key, value, kOrigin, Repeat::First);
  }

  std::string_view rest_;
  OptionSet set_{kContext};
  DriverAuth auth_;
};

}  // namespace

bool is_odbc_string(std::string_view text) noexcept {
  const auto first = text.find_first_of("=:/?@{");
  return first != std::string_view::npos && text[first] == '=';
}

OptionSet read_odbc_string(std::string_view text) {
  return with_context(kContext, [&] { return Reader(text).read(); });
}

}  // namespace dbsql::config
