// Connects with tokens of the program's own making.
//
//   example_token_provider 'HOST:443/sql/1.0/warehouses/ID'   (or set DBSQL_DSN; no token in it)
//
// MY_TOKEN holds the token. A real program would ask its own vault or identity service.

#include <dbsql/dbsql.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

dbsql::Token token_from_environment() {
  const char* text = std::getenv("MY_TOKEN");
  if (text == nullptr) throw std::runtime_error("MY_TOKEN is not set");
  dbsql::Token token;
  token.access_token = text;
  // Until shortly before then the connector keeps it.
  token.expires_at = std::chrono::system_clock::now() + std::chrono::minutes(50);
  return token;
}

/// A source of tokens as a class, where there is something to keep between calls.
class VaultProvider final : public dbsql::TokenProvider {
 public:
  dbsql::Token get_token(const dbsql::TokenContext& context) override {
    if (context.stop.stop_requested()) throw std::runtime_error("stopped");
    return token_from_environment();
  }
  std::string name() const override { return "vault"; }
};

}  // namespace

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_token_provider DSN\n";
    return 2;
  }
  try {
    auto options = dbsql::ConnectorOptions::from_text(dsn);

    // One of these; each takes the place of the one before.
    options.with_external_token(
        [](const dbsql::TokenContext&) { return token_from_environment(); });
    options.with_token_provider(std::make_shared<VaultProvider>());
    for (const std::string& line : options.report()) {
      if (line.starts_with("auth.type")) std::cout << line << '\n';  // no secret is in it
    }

    auto connection = dbsql::Connector(options).connect();
    auto result = connection.query("SELECT 'welcome' AS greeting");
    for (const dbsql::RowRef& row : result.rows()) std::cout << row.text(0) << '\n';
    return 0;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
