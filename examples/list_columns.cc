// Lists the columns of tables by pattern, from any server.
//
//   example_list_columns 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID' [TABLE_PATTERN]
//   (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_list_columns DSN [TABLE_PATTERN]\n";
    return 2;
  }
  try {
    auto connection = dbsql::Connector::from_dsn(dsn).connect();

    // `%` is any text, `_` one character; dbsql::escape_pattern() makes a name match itself alone.
    dbsql::ColumnFilter filter;
    if (argc > 2) filter.table_pattern = argv[2];
    dbsql::Result columns = connection.columns(filter);

    const auto table = *columns.schema().find("TABLE_NAME");
    const auto name = *columns.schema().find("COLUMN_NAME");
    const auto type = *columns.schema().find("TYPE_NAME");
    for (const dbsql::RowRef row : columns.rows())
      std::cout << row.text(table) << '.' << row.text(name) << "  " << row.text(type) << '\n';
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
