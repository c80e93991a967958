#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dbsql::base {

namespace detail {
inline void append_piece(std::string& out, std::string_view piece) { out += piece; }
inline void append_piece(std::string& out, char piece) { out += piece; }
template <class Number>
requires(std::is_integral_v<Number> &&
         !std::is_same_v<Number, char>) void append_piece(std::string& out, Number number) {
  out += std::to_string(number);
}
}  // namespace detail

/// One string out of text and integers.
template <class... Pieces>
std::string concat(const Pieces&... pieces) {
  std::string out;
  (detail::append_piece(out, pieces), ...);
  return out;
}

std::string to_lower(std::string_view text);  ///< ASCII only
std::string to_upper(std::string_view text);  ///< ASCII only
bool equals_ignore_case(std::string_view a, std::string_view b) noexcept;
bool starts_with_ignore_case(std::string_view text, std::string_view prefix) noexcept;
std::string_view trim(std::string_view text) noexcept;  ///< ASCII white space on both sides
std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole text as a number; empty when any of it is not.
template <class Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Lower-case hex of bytes.
std::string to_hex(std::span<const std::byte> bytes);

/// 16 bytes as `8-4-4-4-12` hex groups, in the order of the bytes; hex of the whole when there are
/// not 16.
std::string to_uuid_text(std::span<const std::byte> bytes);

/// The 16 bytes of a text of `8-4-4-4-12` hex digits; empty when it is none.
std::optional<std::string> parse_uuid(std::string_view text);

/// Appends one code point's UTF-8 form.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace dbsql::base
