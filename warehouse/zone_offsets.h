#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// Offsets from UTC of one time zone, read from the system's zone files.
///
/// The driver has a reader of its own for the same purpose; the two are kept apart on purpose, so
/// that one cannot hide a mistake of the other in the tests that compare their texts.
class ZoneOffsets {
 public:
  /// The zone of an IANA name or of an offset (`+04:15`, `+4:15`, `-08:00`). An unknown name is
  /// UTC.
  static std::shared_ptr<const ZoneOffsets> find(std::string_view name);

  /// \param seconds  since 1970-01-01T00:00:00Z
  /// \return seconds east of UTC
  std::int32_t at(std::int64_t seconds) const noexcept;

 private:
  struct Change {
    std::int64_t from;
    std::int32_t offset;
  };

  bool read(std::string_view file);
  void extend(std::string_view footer);

  std::int32_t first_offset_ = 0;
  std::vector<Change> changes_;
};

}  // namespace dbsql::warehouse
