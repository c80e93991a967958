#include <dbsql/error.h>
#include <dbsql/row.h>

#include "base/text.h"

#include <array>
#include <string>

// The errors of <dbsql/row.h>, kept out of the inline readers. Each names the column and says what
// to do instead.
namespace dbsql {

namespace detail {

namespace {

/// In the order of `Physical`: the C++ types that read a column without loss.
constexpr auto kReaders = std::to_array<std::string_view>({
    "std::optional of any type (the column is always NULL)",
    "bool",
    "std::int8_t or a wider integer",
    "std::int16_t or a wider integer",
    "std::int32_t or a wider integer",
    "std::int64_t",
    "std::uint8_t or a wider integer",
    "std::uint16_t or a wider integer",
    "std::uint32_t or a wider integer",
    "std::uint64_t",
    "float or double",
    "double",
    "std::string_view or std::string",
    "std::string_view or std::string",
    "std::span<const std::byte>",
    "std::span<const std::byte>",
    "std::span<const std::byte>",
    "dbsql::Decimal",
    "dbsql::Decimal where it has at most 38 digits, else take its text with RowRef::text",
    "dbsql::Date",
    "dbsql::Timestamp",
    "dbsql::TimestampNtz",
    "dbsql::YearMonthInterval",
    "dbsql::DayTimeInterval",
    "dbsql::Value, or take its JSON text with RowRef::text",
    "dbsql::Value, or take its JSON text with RowRef::text",
    "dbsql::Value, or take its JSON text with RowRef::text",
    "dbsql::Value, or take its JSON text with RowRef::text",
    "dbsql::Value, or take its JSON text with RowRef::text",
    "an Arrow batch (Result::next_batch)",
});
static_assert(kReaders.size() == static_cast<std::size_t>(Physical::Other) + 1);

std::string describe(const ColumnRef& column) {
  return base::concat("column ", column.position + 1, " \"", column.column->name, "\" (",
                      column.column->type_text, ")");
}

std::string_view reader_of(const ColumnRef& column) noexcept {
  if (column.declared == nullptr) return kReaders[static_cast<std::size_t>(column.physical)];
  return column.column->type == TypeId::Timestamp
             ? "dbsql::TimestampNtz, or its text as std::string_view"
             : "the C++ type of its SQL type, or its text as std::string_view";
}

/// Without native timestamps the wall clock of a zone arrives: why it could not become an instant.
std::string zone_trouble(const ColumnRef& column, std::string_view wanted) {
  if (wanted != "a timestamp" || column.column->type != TypeId::Timestamp ||
      (column.physical != Physical::TimestampNtzMicros && column.declared == nullptr))
    return {};
  const std::string& zone = column.column->time_zone;
  if (zone.empty()) return ": the server did not say its zone";
  if (column.zone == nullptr)
    return base::concat(": its zone ", zone,
                        " is not known here (install the system's time zone data or set TZDIR)");
  return base::concat(": clocks in ", zone, " never show that time");
}

/// Names for a message, cut to a readable number.
std::string list_names(const Schema& schema) {
  constexpr std::size_t kMaxNames = 20;
  std::string list;
  for (std::size_t i = 0; i < schema.size() && i < kMaxNames; ++i)
    list += base::concat(i == 0 ? "" : ", ", schema[i].name);
  if (schema.size() > kMaxNames) list += ", ...";
  return list;
}

}  // namespace

void throw_null_cell(const ColumnRef& column, std::int64_t row) {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat(describe(column), " is NULL in row ", row + 1,
                                       " of the batch, but is read as a type that cannot be NULL; "
                                       "read it as std::optional of that type"),
               .sqlstate = "22002"});
}

void throw_cell_type(const ColumnRef& column, std::string_view wanted) {
  throw_error(
      {.kind = ErrorKind::InvalidArgument,
       .message = base::concat(describe(column), " cannot be read as ", wanted,
                               zone_trouble(column, wanted), "; read it as ", reader_of(column)),
       .sqlstate = "07006"});
}

void throw_cell_range(const ColumnRef& column, std::int64_t row, std::string_view wanted) {
  throw_error(
      {.kind = ErrorKind::InvalidArgument,
       .message = base::concat(describe(column), " holds ", cell_text(column, row), " in row ",
                               row + 1, " of the batch, which does not fit ", wanted,
                               " of the requested size; read it as ", reader_of(column)),
       .sqlstate = "22003"});
}

void throw_arity(std::size_t wanted, const Schema& schema) {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("rows are read as ", wanted, " columns, but the result has ",
                                       schema.size(), " (", list_names(schema),
                                       "); give one type per column"),
               .sqlstate = "07009"});
}

}  // namespace detail

std::size_t RowRef::index_of(std::string_view name) const {
  if (const auto index = schema().find(name)) return *index;
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("the result has no column \"", name, "\"; its columns are ",
                                       detail::list_names(schema())),
               .sqlstate = "42703"});
}

void RowRef::throw_index(std::size_t index) const {
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = base::concat("column index ", index, " is beyond the result's ", size(),
                                       " columns; the first one is 0"),
               .sqlstate = "07009"});
}

}  // namespace dbsql
