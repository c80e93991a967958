#include "cli/row_view.h"

namespace dbsql::cli {

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
