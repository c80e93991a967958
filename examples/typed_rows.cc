// Reads rows as C++ types: strings without copying, NULL as std::optional, decimals exactly.
//
//   example_typed_rows 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_typed_rows DSN\n";
    return 2;
  }
  try {
    auto connection = dbsql::Connector::from_dsn(dsn).connect();
    auto result = connection.query(
        "SELECT * FROM (VALUES (1, 'Oslo', CAST(19.99 AS DECIMAL(10, 2)), DATE '2024-02-29'), "
        "(2, 'Rome', NULL, DATE '2024-03-01')) AS orders(id, city, price, day) ORDER BY id");

    // One type per column. A column that can be NULL is read as std::optional: NULL into a plain
    // type is an error that names the column. The string_view points into the page that arrived and
    // is good until the next row.
    for (const auto& [id, city, price, day] :
         result
             .rows<std::int64_t, std::string_view, std::optional<dbsql::Decimal>, dbsql::Date>()) {
      std::cout << id << "  " << city << "  " << (price ? price->to_string() : "no price") << "  "
                << day.to_string() << '\n';
    }
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
