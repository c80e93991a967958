#include "warehouse/duckdb_catalogs.h"

#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_rewrite.h"
#include "warehouse/sql_text.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kSuffix = ".duckdb";

// Only such names become file names; anything else could leave the directory.
bool is_safe_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

std::filesystem::path CatalogStore::file_of(const std::string& catalog) const {
  if (directory_.empty()) return ":memory:";
  if (!is_safe_name(catalog)) {
    throw_sql_error("INVALID_PARAMETER_VALUE",
                    base::concat("The catalog name ", quote_for_message(catalog),
                                 " has characters other than letters, digits, _ and -."));
  }
  return directory_ / (catalog + std::string(kSuffix));
}

void CatalogStore::open(EngineChannel& channel) {
  std::vector<std::string> names{kDefaultCatalog};
  if (!directory_.empty()) {
    std::filesystem::create_directories(directory_);
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
      const auto name = file.path().stem().string();
      if (file.path().extension() == kSuffix && name != kDefaultCatalog) names.push_back(name);
    }
  }
  for (const auto& name : names) create(channel, name);
}

void CatalogStore::create(EngineChannel& channel, const std::string& catalog) {
  const auto name = engine_identifier(engine_catalog(catalog));
  channel.run(
      base::concat("ATTACH ", engine_string_literal(file_of(catalog).string()), " AS ", name));
  channel.run(
      base::concat("CREATE SCHEMA IF NOT EXISTS ", name, ".", engine_identifier(kDefaultSchema)));
}

void CatalogStore::drop(EngineChannel& channel, const std::string& catalog) {
  channel.run("DETACH " + engine_identifier(engine_catalog(catalog)));
  if (directory_.empty()) return;
  std::error_code ignored;  // the catalog is gone either way
  std::filesystem::remove(file_of(catalog), ignored);
}

}  // namespace dbsql::warehouse
