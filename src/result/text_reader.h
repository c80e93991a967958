#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dbsql::result {

/// A cursor over a short text for the parsers of this module. Every step says whether it succeeded;
/// nothing throws.
class TextReader {
 public:
  explicit TextReader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  std::string_view rest() const noexcept { return rest_; }
  char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
  void skip(std::size_t count) noexcept { rest_.remove_prefix(count); }

  bool accept(char expected) noexcept {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool accept(std::string_view expected) noexcept {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  /// The digits that stand here; maybe none.
  std::string_view digits() noexcept {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  /// `minimum` to `maximum` digits as a number; `maximum` is at most 18.
  std::optional<std::int64_t> number(std::size_t minimum, std::size_t maximum) noexcept {
    const std::string_view taken = digits();
    if (taken.size() < minimum || taken.size() > maximum) return std::nullopt;
    std::int64_t value = 0;
    for (const char digit : taken) value = value * 10 + (digit - '0');
    return value;
  }

  /// An optional sign; the Unicode minus counts too.
  bool negative_sign() noexcept {
    if (accept('-') || accept("\xE2\x88\x92")) return true;
    accept('+');
    return false;
  }

  static bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }

 private:
  std::string_view rest_;
};

}  // namespace dbsql::result
