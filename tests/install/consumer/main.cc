// A program outside our tree: uses the library's version, a value type, and an error that crosses
// the library's edge.
#include <dbsql/dbsql.h>

#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  if (argc != 2 || dbsql::version() != std::string_view(argv[1])) {
    std::cerr << "unexpected version " << dbsql::version() << '\n';
    return 1;
  }
  if (dbsql::Decimal::from_string("12.50").to_string() != "12.50") {
    std::cerr << "a decimal changed on its way\n";
    return 1;
  }
  try {
    dbsql::Connector::from_dsn("not a dsn");
  } catch (const dbsql::ConfigurationError& error) {
    std::cout << error.what() << '\n';
    return 0;
  }
  std::cerr << "a wrong DSN was accepted\n";
  return 1;
}
