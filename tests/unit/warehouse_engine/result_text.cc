#include "unit/warehouse_engine/result_text.h"

#include "arrow/bits.h"
#include "arrow/builder.h"
#include "arrow/c_data.h"
#include "base/text.h"

#include <sstream>

namespace dbsql::warehouse::test {
namespace {

template <class T>
const T* buffer(const ArrowArray& column, int index = 1) {
  return static_cast<const T*>(column.buffers[index]);
}

std::string decimal_text(const arrow::DecimalWords128& words, int scale) {
  __extension__ using Wide = __int128;
  auto value = (static_cast<Wide>(words.high) << 64) | static_cast<Wide>(words.low);
  const bool negative = value < 0;
  if (negative) value = -value;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  const auto places = static_cast<std::size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return negative ? "-" + digits : digits;
}

std::string bytes_text(const ArrowArray& column, std::int64_t row) {
  const auto* offsets = buffer<std::int32_t>(column);
  return {buffer<char>(column, 2) + offsets[row],
          static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
}

std::string float_text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string list_text(const ArrowSchema& field, const ArrowArray& column, std::int64_t row) {
  const bool map = std::string_view(field.format) == "+m";
  const auto* offsets = buffer<std::int32_t>(column);
  std::string text = map ? "{" : "[";
  for (auto i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i > offsets[row]) text += ", ";
    text += value_text(*field.children[0], *column.children[0], i);
  }
  return text + (map ? "}" : "]");
}

std::string struct_text(const ArrowSchema& field, const ArrowArray& column, std::int64_t row) {
  const bool entry = std::string_view(field.name ? field.name : "") == "entries";
  std::string text = entry ? "" : "(";
  for (std::int64_t i = 0; i < field.n_children; ++i) {
    if (i > 0) text += entry ? ": " : ", ";
    text += value_text(*field.children[i], *column.children[i], row);
  }
  return text + (entry ? "" : ")");
}

std::string format_text(const ArrowSchema& field) {
  std::string text = field.format;
  if (field.n_children == 0) return text;
  text += "(";
  for (std::int64_t i = 0; i < field.n_children; ++i) {
    const auto& child = *field.children[i];
    text += base::concat(i > 0 ? "," : "", child.name, ":", format_text(child),
                         (child.flags & ARROW_FLAG_NULLABLE) != 0 ? "" : "!");
  }
  return text + ")";
}

}  // namespace

std::string value_text(const ArrowSchema& field, const ArrowArray& column, std::int64_t row) {
  const std::string_view format = field.format;
  row += column.offset;
  if (format == "n") return "NULL";
  if (column.null_count != 0 && column.buffers[0] != nullptr &&
      !arrow::get_bit(buffer<std::uint8_t>(column, 0), row)) {
    return "NULL";
  }
  if (format == "b") return arrow::get_bit(buffer<std::uint8_t>(column), row) ? "true" : "false";
  if (format == "c") return std::to_string(buffer<std::int8_t>(column)[row]);
  if (format == "s") return std::to_string(buffer<std::int16_t>(column)[row]);
  if (format == "i" || format == "tdD") return std::to_string(buffer<std::int32_t>(column)[row]);
  if (format == "tiM") return base::concat(buffer<std::int32_t>(column)[row], " months");
  if (format == "f") return float_text(static_cast<double>(buffer<float>(column)[row]));
  if (format == "g") return float_text(buffer<double>(column)[row]);
  if (format == "u") return bytes_text(column, row);
  if (format == "z")
    return base::to_hex(std::as_bytes(std::span<const char>(bytes_text(column, row))));
  if (format == "+l" || format == "+m") return list_text(field, column, row);
  if (format == "+s") return struct_text(field, column, row);
  if (format.starts_with("d:")) {
    const auto parts = base::split(format.substr(2), ',');
    return decimal_text(buffer<arrow::DecimalWords128>(column)[row],
                        base::parse_number<int>(parts.at(1)).value_or(0));
  }
  return std::to_string(buffer<std::int64_t>(column)[row]);  // l, ts?, tD?
}

std::vector<std::string> rows_text(EngineResult& result) {
  std::vector<std::string> rows;
  const auto& schema = result.arrow_schema();
  while (const auto batch = result.next()) {
    for (std::int64_t row = 0; row < (*batch)->length; ++row) {
      std::string text;
      for (std::int64_t i = 0; i < schema.n_children; ++i) {
        if (i > 0) text += " | ";
        text += value_text(*schema.children[i], *(*batch)->children[i], row);
      }
      rows.push_back(std::move(text));
    }
  }
  return rows;
}

std::vector<std::string> columns_text(const EngineResult& result) {
  std::vector<std::string> columns;
  const auto& schema = result.arrow_schema();
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const auto& field = *schema.children[i];
    const auto type = arrow::find_metadata(field.metadata, "Spark:DataType:SqlName");
    const bool nullable = (field.flags & ARROW_FLAG_NULLABLE) != 0;
    columns.push_back(base::concat(field.name, " ", type.value_or("?"), nullable ? "" : "!"));
  }
  return columns;
}

std::vector<std::string> formats_text(const EngineResult& result) {
  std::vector<std::string> formats;
  const auto& schema = result.arrow_schema();
  for (std::int64_t i = 0; i < schema.n_children; ++i)
    formats.push_back(format_text(*schema.children[i]));
  return formats;
}

}  // namespace dbsql::warehouse::test
