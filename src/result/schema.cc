#include <dbsql/schema.h>

#include "base/text.h"
#include "result/type_table.h"

namespace dbsql {

std::string_view to_string(TypeId type) noexcept { return result::row_of(type).sql_name; }

std::optional<std::size_t> Schema::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (base::equals_ignore_case(columns_[i].name, name)) return i;
  }
  return std::nullopt;
}

}  // namespace dbsql
