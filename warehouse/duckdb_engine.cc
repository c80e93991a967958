#include "base/text.h"
#include "warehouse/catalog_note.h"
#include "warehouse/duckdb_catalogs.h"
#include "warehouse/duckdb_channel.h"
#include "warehouse/duckdb_library.h"
#include "warehouse/duckdb_macros.h"
#include "warehouse/duckdb_session.h"
#include "warehouse/engine.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_text.h"

#include <array>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

// Nothing is ever fetched from a network: parquet, json and icu are part of the engine library.
constexpr std::string_view kDatabaseSettings[] = {
    "SET GLOBAL autoinstall_known_extensions = false",
    "SET GLOBAL autoload_known_extensions = false",
};

struct FileKind {
  std::string_view suffix;
  std::string_view reader;
  bool as_view;
};

// A view over Parquet is there at once and as quick to scan as a table; text would be parsed anew
// by every query.
constexpr std::array kFileKinds{
    FileKind{".parquet", "read_parquet", true}, FileKind{".csv", "read_csv", false},
    FileKind{".tsv", "read_csv", false},        FileKind{".csv.gz", "read_csv", false},
    FileKind{".json", "read_json", false},      FileKind{".jsonl", "read_json", false},
    FileKind{".ndjson", "read_json", false},    FileKind{".json.gz", "read_json", false},
};

const FileKind& kind_of(const std::string& file) {
  const auto lower = base::to_lower(file);
  for (const auto& kind : kFileKinds) {
    if (std::string_view(lower).ends_with(kind.suffix)) return kind;
  }
  throw_sql_error(
      "INVALID_PARAMETER_VALUE",
      base::concat("The file ", file, " is neither Parquet, CSV nor JSON by its name."));
}

std::string filled_in(std::string_view form, std::string_view prefix, std::string_view type,
                      std::string_view cast) {
  std::string text;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char which = form[i] == '%' && i + 1 < form.size() ? form[i + 1] : '\0';
    if (which < '1' || which > '3') {
      text += form[i];
      continue;
    }
    text += which == '1' ? prefix : which == '2' ? type : cast;
    ++i;
  }
  return text;
}

void create_macros(EngineChannel& channel) {
  for (const auto macro : kMacros) channel.run(std::string(macro));
  for (const auto type : kWholeNumberTypes) {
    channel.run(filled_in(kWholeNumberMacro, "dbsql_to", type, "CAST"));
    channel.run(filled_in(kWholeNumberMacro, "dbsql_try_to", type, "TRY_CAST"));
  }
}

class DuckdbEngine final : public Engine {
 public:
  explicit DuckdbEngine(const EngineOptions& options)
      : database_(std::make_shared<AdbcDatabaseHandle>(
            AdbcLibrary::load(options.library, options.entry_point), ":memory:")),
        watch_(std::make_shared<InterruptWatch>()),
        catalogs_(std::make_shared<CatalogStore>(options.directory)) {
    const auto channel = open_channel();
    for (const auto setting : kDatabaseSettings) channel->run(std::string(setting));
    create_macros(*channel);
    catalogs_->open(*channel);
  }

  std::unique_ptr<EngineSession> open_session(const SessionSettings& settings) override {
    return std::make_unique<DuckdbSession>(open_channel(), catalogs_, versions_, settings);
  }

  void load_table(const std::string& name, const std::string& file) override {
    const auto& kind = kind_of(file);
    if (!std::filesystem::exists(file)) {
      throw_sql_error("INVALID_PARAMETER_VALUE", base::concat("There is no file ", file, "."));
    }
    const auto channel = open_channel();
    const auto table = base::concat("\"main$\".\"default\".", engine_identifier(name));
    const auto path = engine_string_literal(std::filesystem::absolute(file).string());
    channel->run(base::concat("CREATE OR REPLACE ", kind.as_view ? "VIEW " : "TABLE ", table,
                              " AS SELECT * FROM ", kind.reader, "(", path, ")"));
    if (!kind.as_view) return;
    channel->run(base::concat("COMMENT ON VIEW ", table, " IS ",
                              engine_string_literal(encode_note(TableNote{.external = true}))));
  }

 private:
  std::shared_ptr<EngineChannel> open_channel() {
    return std::make_shared<EngineChannel>(database_, watch_);
  }

  std::shared_ptr<AdbcDatabaseHandle> database_;
  std::shared_ptr<InterruptWatch> watch_;
  std::shared_ptr<CatalogStore> catalogs_;
  std::shared_ptr<TableVersions> versions_ = std::make_shared<TableVersions>();
};

}  // namespace

std::unique_ptr<Engine> open_engine(const EngineOptions& options) {
  try {
    return std::make_unique<DuckdbEngine>(options);
  } catch (const AdbcFailure& failure) {
    throw std::runtime_error("cannot open the SQL engine: " + failure.message);
  } catch (const EngineError& error) {
    throw std::runtime_error("cannot open the SQL engine: " + error.message);
  }
}

}  // namespace dbsql::warehouse
