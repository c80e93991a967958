#include "cli/row_view.h"

#include <array>
#include <charconv>

namespace dbsql::cli {

ResultRow::ResultRow(const Schema& schema) {
  readers_.reserve(schema.size());
  for (const Column& column : schema) {
    switch (column.type) {
      case TypeId::TinyInt:
      case TypeId::SmallInt:
      case TypeId::Int:
      case TypeId::BigInt:
        readers_.push_back(Reader::Integer);
        break;
      case TypeId::String:
      case TypeId::Varchar:
      case TypeId::Char:
        readers_.push_back(Reader::Text);
        break;
      default:
        readers_.push_back(Reader::Any);
    }
  }
}

void ResultRow::append_text(std::size_t column, std::string& out) const {
  switch (readers_[column]) {
    case Reader::Integer: {
      std::array<char, 24> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written next
      const auto value = row_->get<std::int64_t>(column);
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
      out.append(digits.data(), end);
      return;
    }
    case Reader::Text:
      out += row_->get<std::string_view>(column);
      return;
    case Reader::Any:
      out += row_->text(column);
      return;
  }
}

TextKind text_kind(TypeId type) noexcept {
  switch (type) {
    case TypeId::TinyInt:
    case TypeId::SmallInt:
    case TypeId::Int:
    case TypeId::BigInt:
    case TypeId::Float:
    case TypeId::Double:
    case TypeId::Decimal:
      return TextKind::Number;
    case TypeId::Boolean:
      return TextKind::Boolean;
    case TypeId::Date:
    case TypeId::Timestamp:
    case TypeId::TimestampNtz:
    case TypeId::IntervalYearMonth:
    case TypeId::IntervalDayTime:
      return TextKind::Plain;
    case TypeId::Array:
    case TypeId::Map:
    case TypeId::Struct:
      return TextKind::Nested;
    case TypeId::Binary:
      return TextKind::Binary;
    default:
      return TextKind::Text;
  }
}

}  // namespace dbsql::cli
