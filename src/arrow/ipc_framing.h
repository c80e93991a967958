#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Framing of outgoing messages; used by the writers only.
namespace dbsql::arrow {

/// Zero bytes that fill `size` up to the next multiple of eight.
inline std::string_view padding(std::size_t size) noexcept {
  return {"\0\0\0\0\0\0\0", (8 - size % 8) % 8};
}

/// Continuation marker, metadata length, metadata and its padding: all of a message but the body.
inline std::string framed(const std::uint8_t* metadata, std::size_t size) {
  const std::string_view pad = padding(size);
  const auto announced = static_cast<std::uint32_t>(size + pad.size());
  std::string out;
  out.reserve(8 + announced);
  out.append(4, '\xFF');
  out.append(reinterpret_cast<const char*>(&announced), sizeof announced);
  out.append(reinterpret_cast<const char*>(metadata), size);
  out.append(pad);
  return out;
}

}  // namespace dbsql::arrow
