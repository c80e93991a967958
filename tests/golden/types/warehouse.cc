#include "golden/types/golden_engine.h"
#include "golden/types/value_file.h"
#include "warehouse/server.h"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

// A warehouse with the values of values.tsv, for programs of other languages: prints its DSN and
// serves until its standard input ends. `--files` sends every result as files.
int main(int argc, char** argv) {
  try {
    dbsql::warehouse::ServerOptions options;
    if (argc > 1 && std::string_view(argv[1]) == "--files") options.service.inline_limit_bytes = 0;
    const dbsql::warehouse::Server server(
        std::move(options),
        dbsql::test::make_golden_engine(dbsql::test::read_value_file(DBSQL_GOLDEN_VALUES)));
    std::cout << server.dsn() << std::endl;
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "golden_warehouse: " << error.what() << '\n';
    return 1;
  }
}
