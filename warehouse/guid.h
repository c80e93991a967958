#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// 16 bytes that name a session, an operation or a request.
struct Guid {
  std::array<std::uint8_t, 16> bytes{};

  /// A new one in the shape that SQL warehouses use: ordered by time, version 1
  /// (reference/observed.md 2).
  static Guid next();
  /// Sixteen random bytes: the secret half of handles.
  static Guid random();
  /// Empty unless there are exactly 16 bytes.
  static std::optional<Guid> from_bytes(std::string_view bytes);

  std::string to_bytes() const;
  std::string to_text() const;  ///< 8-4-4-4-12

  friend bool operator==(const Guid&, const Guid&) = default;
};

struct GuidHash {
  std::size_t operator()(const Guid& guid) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(guid.bytes.data()), guid.bytes.size()});
  }
};

}  // namespace dbsql::warehouse
