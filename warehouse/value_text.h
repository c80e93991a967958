#pragma once

#include "arrow/type.h"
#include "warehouse/zone_offsets.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// The type with its timestamps marked: `type.timezone` is not empty where the schema names a zone,
/// in static text.
arrow::TypeNode resolve_value_type(const ArrowSchema& schema);

/// Whether row `index` (counted after the array's own offset) is NULL.
bool is_null(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t index);

/// The bytes of one value of a text or binary column.
std::string_view bytes_value(const arrow::TypeNode& type, const ArrowArray& array,
                             std::int64_t index);

/// One value of a boolean or integer column of any width.
std::int64_t integer_value(const arrow::TypeNode& type, const ArrowArray& array,
                           std::int64_t index);

/// One value of a FLOAT or DOUBLE column. A FLOAT becomes the double of its shortest decimal text,
/// as servers send it in column-based pages (reference/results.md 3.3).
double double_value(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t index);

/// Values in a server's own text form (reference/results.md 3.3 and 3.6).
///
/// Threads: safe from any thread once built.
class ValueText {
 public:
  /// How text inside nested values is written (reference/thrift.md 6.3).
  enum class Form : std::uint8_t {
    Json,   ///< escaped, and so are all keys
    Spark,  ///< as it is between quotation marks; other keys are bare
  };

  explicit ValueText(std::string_view time_zone, Form form = Form::Json)
      : zone_(ZoneOffsets::find(time_zone)), form_(form) {}

  /// Appends the text of a value that is not NULL.
  void append(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
              std::int64_t index) const;

 private:
  void append_nested(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
                     std::int64_t index) const;
  void append_list(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
                   std::int64_t index) const;
  void append_map(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
                  std::int64_t index) const;
  void append_struct(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
                     std::int64_t index) const;
  void append_timestamp(std::string& out, const arrow::TypeNode& type, std::int64_t value) const;

  void append_quoted(std::string& out, std::string_view text) const;
  void append_key(std::string& out, const arrow::TypeNode& type, const ArrowArray& array,
                  std::int64_t index) const;

  std::shared_ptr<const ZoneOffsets> zone_;
  Form form_;
};

}  // namespace dbsql::warehouse
