#include "result/text_forms.h"

#include <array>

namespace dbsql::result {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The character after the backslash, 'u' for the long form, 0 when the byte stands for itself.
constexpr char escape_of(char character) noexcept {
  switch (character) {
    case '"':
    case '\\':
      return character;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return static_cast<unsigned char>(character) < 0x20 ? 'u' : '\0';
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = escape_of(text[i]);
    if (escape == '\0') continue;
    out += text.substr(written, i - written);
    written = i + 1;
    out += '\\';
    out += escape;
    if (escape != 'u') continue;
    const auto byte = static_cast<unsigned char>(text[i]);
    out += "00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  out += text.substr(written);
  out += '"';
}

void append_hex(std::string& out, std::span<const std::byte> bytes) {
  const std::size_t start = out.size();
  out.resize(start + bytes.size() * 2);
  char* at = out.data() + start;
  for (const std::byte value : bytes) {
    *at++ = kHex[static_cast<std::size_t>(value >> 4)];
    *at++ = kHex[static_cast<std::size_t>(value & std::byte{15})];
  }
}

void append_base64(std::string& out, std::span<const std::byte> bytes) {
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t taken = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < taken ? std::to_integer<std::uint32_t>(bytes[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= taken ? kBase64[group >> (18 - 6 * i) & 63] : '=';
    bytes = bytes.subspan(taken);
  }
}

}  // namespace dbsql::result
