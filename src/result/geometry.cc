#include <dbsql/row.h>
#include <dbsql/value.h>

#include "base/text.h"

#include <charconv>

namespace dbsql {

namespace {

constexpr std::string_view kPrefix = "SRID=";

std::int32_t srid_of(std::string_view digits) noexcept {
  return base::parse_number<std::int32_t>(digits).value_or(0);
}

}  // namespace

Geometry Geometry::from_text(std::string_view text) {
  const std::size_t end = text.find(';');
  const bool has_prefix = end != std::string_view::npos && text.size() >= kPrefix.size() &&
                          base::equals_ignore_case(text.substr(0, kPrefix.size()), kPrefix);
  if (!has_prefix) return {.srid = 0, .wkt = std::string(text)};
  const std::string_view digits = text.substr(kPrefix.size(), end - kPrefix.size());
  return {.srid = text.starts_with(kPrefix) ? srid_of(digits) : 0,
          .wkt = std::string(text.substr(end + 1))};
}

std::string Geometry::to_string() const {
  return srid == 0 ? wkt : base::concat(kPrefix, srid, ';', wkt);
}

namespace detail {

Geometry cell_geometry(const ColumnRef& column, std::int64_t row) {
  const TypeId type = column.column->type;
  if (type != TypeId::Geometry && type != TypeId::Geography) throw_cell_type(column, "a geometry");
  Geometry geometry = Geometry::from_text(Cell<std::string_view>::read(column, row));
  if (geometry.srid != 0) return geometry;
  const std::string_view declared = column.column->type_text;  // GEOMETRY(4326), GEOGRAPHY(ANY)
  const std::size_t open = declared.find('(');
  const std::size_t close = declared.find(')');
  if (open < close && close != std::string_view::npos)
    geometry.srid = srid_of(base::trim(declared.substr(open + 1, close - open - 1)));
  return geometry;
}

}  // namespace detail

}  // namespace dbsql
