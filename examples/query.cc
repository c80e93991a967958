// Connects, runs a query with a parameter and prints what comes, whatever its columns are.
//
//   example_query 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_query DSN\n";
    return 2;
  }
  try {
    // A connector checks the DSN once and is kept; each connection is one session of the warehouse.
    const auto connector = dbsql::Connector::from_dsn(dsn);
    auto connection = connector.connect();

    // Values go in as parameters, never by pasting them into the text.
    auto result = connection.query(
        "SELECT city, population FROM (VALUES ('Oslo', 709000), ('Rome', 2755000), ('Ulm', "
        "128000)) "
        "AS cities(city, population) WHERE population > :smallest ORDER BY population DESC",
        {{"smallest", 500'000}});

    for (const dbsql::Column& column : result.schema()) {
      std::cout << column.name << " (" << column.type_text << ")  ";
    }
    std::cout << '\n';

    // Rows arrive while they are read; no more than a page of them is in memory.
    for (const dbsql::RowRef& row : result.rows()) {
      for (std::size_t column = 0; column < row.size(); ++column) {
        std::cout << (row.is_null(column) ? "NULL" : row.text(column)) << "  ";
      }
      std::cout << '\n';
    }
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
