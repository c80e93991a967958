#include "tests/warehouse/fake_engine.h"

#include "arrow/builder.h"
#include "base/text.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace dbsql::test {
namespace {

using warehouse::CatalogFilter;
using warehouse::EngineError;
using warehouse::EngineResult;
using warehouse::ResultColumn;

arrow::UniqueSchema field(std::string format, const ResultColumn& column, bool nullable = true) {
  return arrow::make_schema(
      arrow::SchemaParts{.format = std::move(format),
                         .name = column.name,
                         .nullable = nullable,
                         .metadata = {{"Spark:DataType:SqlName", column.type_text}}});
}

class FakeResult final : public EngineResult {
 public:
  using Producer = std::function<std::optional<arrow::UniqueArray>()>;

  FakeResult(std::shared_ptr<EngineScript> script, Kind kind, std::vector<ResultColumn> columns,
             arrow::UniqueSchema schema, Producer producer)
      : script_(std::move(script)),
        kind_(kind),
        columns_(std::move(columns)),
        schema_(std::move(schema)),
        producer_(std::move(producer)) {
    ++script_->open_results;
  }
  ~FakeResult() override { --script_->open_results; }

  Kind kind() const override { return kind_; }
  const std::vector<ResultColumn>& columns() const override { return columns_; }
  const ArrowSchema& arrow_schema() const override { return *schema_; }
  std::optional<arrow::UniqueArray> next() override { return producer_(); }
  std::optional<std::int64_t> affected_rows() const override { return affected_rows_; }
  void set_affected_rows(std::int64_t rows) { affected_rows_ = rows; }

 private:
  std::shared_ptr<EngineScript> script_;
  Kind kind_;
  std::vector<ResultColumn> columns_;
  arrow::UniqueSchema schema_;
  Producer producer_;
  std::optional<std::int64_t> affected_rows_;
};

FakeResult::Producer once(arrow::UniqueArray batch) {
  auto held = std::make_shared<arrow::UniqueArray>(std::move(batch));
  return [held]() -> std::optional<arrow::UniqueArray> {
    if (held->empty()) return std::nullopt;
    return std::move(*held);
  };
}

EngineError interruption(EngineScript& script) {
  ++script.interrupted;
  return {"HY008", "OPERATION_CANCELED", "interrupted"};
}

arrow::UniqueArray rows_batch(const ArrowSchema& schema, std::int64_t first, std::int64_t rows) {
  arrow::BatchBuilder batch(schema);
  for (std::int64_t id = first; id < first + rows; ++id) {
    batch.column<arrow::Int64Builder>(0).append(id);
    if (id % 10 == 9) {
      batch.column(1).append_null();
    } else {
      batch.column<arrow::Utf8Builder>(1).append(base::concat("row ", id));
    }
  }
  return batch.finish();
}

std::unique_ptr<FakeResult> rows_result(const std::shared_ptr<EngineScript>& script,
                                        std::int64_t rows, std::int64_t batch_rows,
                                        std::string_view ending = {},
                                        const std::stop_token& stop = {}) {
  std::vector<ResultColumn> columns{{"id", "BIGINT", {}, {}}, {"name", "STRING", {}, {}}};
  auto schema =
      arrow::struct_schema(arrow::children(field("l", columns[0], false), field("u", columns[1])));
  auto copy = std::make_shared<arrow::UniqueSchema>(arrow::copy_schema(*schema));
  auto next = std::make_shared<std::int64_t>(0);
  const bool fails = ending == "fail";
  const bool gated = ending == "gate";
  auto producer = [=]() -> std::optional<arrow::UniqueArray> {
    const std::int64_t count = std::min(batch_rows, rows - *next);
    if (count == 0 && gated && !script->pass_gate(stop)) throw interruption(*script);
    if (count == 0 && fails) {
      throw EngineError{"22012", "DIVIDE_BY_ZERO",
                        "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012"};
    }
    if (count == 0) return std::nullopt;
    auto batch = rows_batch(**copy, *next, count);
    *next += count;
    script->rows_made += count;
    return batch;
  };
  return std::make_unique<FakeResult>(script, EngineResult::Kind::Rows, std::move(columns),
                                      std::move(schema), std::move(producer));
}

std::unique_ptr<FakeResult> empty_result(const std::shared_ptr<EngineScript>& script,
                                         EngineResult::Kind kind) {
  return std::make_unique<FakeResult>(script, kind, std::vector<ResultColumn>{},
                                      arrow::struct_schema({}),
                                      [] { return std::optional<arrow::UniqueArray>(); });
}

std::unique_ptr<FakeResult> one_column_result(const std::shared_ptr<EngineScript>& script,
                                              EngineResult::Kind kind, std::string name,
                                              std::int64_t value) {
  std::vector<ResultColumn> columns{{std::move(name), "BIGINT", {}, {}}};
  auto schema = arrow::struct_schema(arrow::children(field("l", columns[0])));
  arrow::BatchBuilder batch(*schema);
  batch.column<arrow::Int64Builder>(0).append(value);
  return std::make_unique<FakeResult>(script, kind, std::move(columns), std::move(schema),
                                      once(batch.finish()));
}

std::unique_ptr<FakeResult> types_result(const std::shared_ptr<EngineScript>& script) {
  std::vector<ResultColumn> columns{{"flag", "BOOLEAN", {}, {}},
                                    {"tiny", "TINYINT", {}, {}},
                                    {"small", "SMALLINT", {}, {}},
                                    {"whole", "INT", {}, {}},
                                    {"big", "BIGINT", {}, {}},
                                    {"real", "FLOAT", {}, {}},
                                    {"double", "DOUBLE", {}, {}},
                                    {"exact", "DECIMAL(10,2)", 10, 2},
                                    {"text", "STRING", {}, {}},
                                    {"bytes", "BINARY", {}, {}},
                                    {"day", "DATE", {}, {}},
                                    {"moment", "TIMESTAMP", {}, {}},
                                    {"civil", "TIMESTAMP_NTZ", {}, {}},
                                    {"months", "INTERVAL YEAR TO MONTH", {}, {}},
                                    {"span", "INTERVAL DAY TO SECOND", {}, {}},
                                    {"list", "ARRAY<INT>", {}, {}},
                                    {"map", "MAP<STRING, DATE>", {}, {}},
                                    {"nothing", "VOID", {}, {}}};
  const std::vector<std::string> formats{
      "b",    "c",   "s",  "i", "l", "f", "g", "d:10,2", "u", "z", "tdD", "tsu:America/Los_Angeles",
      "tsu:", "tiM", "tDu"};
  std::vector<arrow::UniqueSchema> fields;
  for (std::size_t i = 0; i < formats.size(); ++i) fields.push_back(field(formats[i], columns[i]));
  fields.push_back(arrow::list_schema(arrow::make_schema("i", "element"), "list"));
  fields.push_back(
      arrow::map_schema(arrow::make_schema("u", "key"), arrow::make_schema("tdD", "value"), "map"));
  fields.push_back(field("n", columns[17]));
  auto schema = arrow::struct_schema(std::move(fields));

  arrow::BatchBuilder batch(*schema);
  batch.column<arrow::BoolBuilder>(0).append(true);
  batch.column<arrow::Int8Builder>(1).append(-7);
  batch.column<arrow::Int16Builder>(2).append(-300);
  batch.column<arrow::Int32Builder>(3).append(70'000);
  batch.column<arrow::Int64Builder>(4).append(9'007'199'254'740'993);
  batch.column<arrow::Float32Builder>(5).append(3.14F);
  batch.column<arrow::Float64Builder>(6).append(-0.5);
  batch.column<arrow::Decimal128Builder>(7).append({static_cast<std::uint64_t>(-5), -1});
  batch.column<arrow::Utf8Builder>(8).append("it's");
  batch.column<arrow::BinaryBuilder>(9).append(std::string_view("\x00\xff", 2));
  batch.column<arrow::Date32Builder>(10).append(18'809);
  batch.column<arrow::TimestampBuilder>(11).append(1'625'118'208'500'000);
  batch.column<arrow::TimestampBuilder>(12).append(-1);
  batch.column<arrow::MonthsBuilder>(13).append(-13);
  batch.column<arrow::DurationBuilder>(14).append(86'400'000'000 + 1'500'000);
  batch.column<arrow::ListBuilder>(15).values<arrow::Int32Builder>().append(1);
  batch.column<arrow::ListBuilder>(15).values().append_null();
  batch.column<arrow::ListBuilder>(15).end_list();
  batch.column<arrow::MapBuilder>(16).keys<arrow::Utf8Builder>().append("k\"");
  batch.column<arrow::MapBuilder>(16).values<arrow::Date32Builder>().append(0);
  batch.column<arrow::MapBuilder>(16).end_map();
  batch.column(17).append_null();
  for (std::size_t i = 0; i < columns.size(); ++i) batch.column(i).append_null();
  return std::make_unique<FakeResult>(script, EngineResult::Kind::Rows, std::move(columns),
                                      std::move(schema), once(batch.finish()));
}

class FakeSession final : public warehouse::EngineSession {
 public:
  FakeSession(std::shared_ptr<EngineScript> script, warehouse::SessionSettings settings)
      : script_(std::move(script)), settings_(std::move(settings)) {
    ++script_->open_sessions;
  }
  ~FakeSession() override { --script_->open_sessions; }

  std::unique_ptr<EngineResult> execute(std::string_view sql,
                                        const std::vector<warehouse::EngineParameter>& parameters,
                                        std::int64_t row_limit, std::stop_token stop) override {
    script_->saw(sql, parameters, row_limit);
    const auto words = base::split(sql, ' ');
    const auto number = [&](std::size_t index, std::int64_t fallback) {
      if (index >= words.size()) return fallback;
      return base::parse_number<std::int64_t>(words[index]).value_or(fallback);
    };
    if (words[0] == "rows") {
      return rows_result(script_, number(1, 0), number(2, 1000), words.back(), stop);
    }
    if (words[0] == "gate") return behind_gate(stop);
    if (words[0] == "types") return types_result(script_);
    if (words[0] == "ddl") return empty_result(script_, EngineResult::Kind::Ddl);
    if (words[0] == "dml") {
      auto result =
          one_column_result(script_, EngineResult::Kind::Dml, "num_affected_rows", number(1, 0));
      result->set_affected_rows(number(1, 0));
      return result;
    }
    throw EngineError{
        "42P01", "TABLE_OR_VIEW_NOT_FOUND",
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `x` cannot be found. SQLSTATE: 42P01"};
  }

  std::unique_ptr<EngineResult> catalogs() override { return metadata(); }
  std::unique_ptr<EngineResult> schemas(const CatalogFilter&) override { return metadata(); }
  std::unique_ptr<EngineResult> tables(const CatalogFilter&) override { return metadata(); }
  std::unique_ptr<EngineResult> table_types() override { return metadata(); }
  std::unique_ptr<EngineResult> columns(const CatalogFilter&) override { return metadata(); }
  std::unique_ptr<EngineResult> type_info() override { return metadata(); }
  std::unique_ptr<EngineResult> functions(const CatalogFilter&) override { return metadata(); }
  std::unique_ptr<EngineResult> primary_keys(const CatalogFilter&) override { return metadata(); }
  std::unique_ptr<EngineResult> cross_reference(const CatalogFilter&,
                                                const CatalogFilter&) override {
    return metadata();
  }

  std::string current_catalog() const override {
    return settings_.catalog.empty() ? "main" : settings_.catalog;
  }
  std::string current_schema() const override {
    return settings_.schema.empty() ? "default" : settings_.schema;
  }
  std::string time_zone() const override { return "America/Los_Angeles"; }

 private:
  std::unique_ptr<EngineResult> metadata() { return rows_result(script_, 3, 10); }

  std::unique_ptr<EngineResult> behind_gate(const std::stop_token& stop) {
    if (script_->pass_gate(stop)) return rows_result(script_, 1, 1);
    throw interruption(*script_);
  }

  std::shared_ptr<EngineScript> script_;
  warehouse::SessionSettings settings_;
};

class FakeEngine final : public warehouse::Engine {
 public:
  explicit FakeEngine(std::shared_ptr<EngineScript> script) : script_(std::move(script)) {}

  std::unique_ptr<warehouse::EngineSession> open_session(
      const warehouse::SessionSettings& settings) override {
    script_->saw(settings);
    if (settings.catalog == "nowhere") {
      throw EngineError{"42704", "NO_SUCH_CATALOG_EXCEPTION",
                        "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'nowhere' not found. SQLSTATE: 42704"};
    }
    return std::make_unique<FakeSession>(script_, settings);
  }
  void load_table(const std::string&, const std::string&) override {}

 private:
  std::shared_ptr<EngineScript> script_;
};

}  // namespace

void EngineScript::open_gate() {
  std::lock_guard lock(mutex_);
  gate_is_open_ = true;
  changed_.notify_all();
}

bool EngineScript::pass_gate(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  const bool passed = changed_.wait(lock, stop, [this] { return gate_is_open_; });
  --waiting_;
  changed_.notify_all();
  return passed;
}

bool EngineScript::await_waiting(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return waiting_ == count; });
}

void EngineScript::saw(const warehouse::SessionSettings& settings) {
  std::lock_guard lock(mutex_);
  settings_ = settings;
}

void EngineScript::saw(std::string_view sql,
                       const std::vector<warehouse::EngineParameter>& parameters,
                       std::int64_t row_limit) {
  std::lock_guard lock(mutex_);
  statements_.emplace_back(sql);
  parameters_ = parameters;
  row_limit_ = row_limit;
}

warehouse::SessionSettings EngineScript::last_settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

std::vector<std::string> EngineScript::statements() const {
  std::lock_guard lock(mutex_);
  return statements_;
}

std::vector<warehouse::EngineParameter> EngineScript::last_parameters() const {
  std::lock_guard lock(mutex_);
  return parameters_;
}

std::int64_t EngineScript::last_row_limit() const {
  std::lock_guard lock(mutex_);
  return row_limit_;
}

std::unique_ptr<warehouse::Engine> make_fake_engine(std::shared_ptr<EngineScript> script) {
  return std::make_unique<FakeEngine>(std::move(script));
}

}  // namespace dbsql::test
