#include "golden/types/golden_engine.h"

#include "arrow/builder.h"
#include "base/text.h"
#include "golden/types/typed_form.h"
#include "warehouse/server.h"
#include "warehouse/type_arrow.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace dbsql::test {

namespace {

using warehouse::CatalogFilter;
using warehouse::EngineResult;
using warehouse::EngineSession;

constexpr std::string_view kStatement = "GOLDEN ";
constexpr std::string_view kNotNull = " NOT NULL";

/// The Arrow field of a type as servers send it; types without one of their own are text.
arrow::UniqueSchema field_of(std::string_view type_text, bool nullable, std::string_view zone) {
  const auto type = warehouse::parse_type(type_text);
  const auto plain = type ? warehouse::arrow_field(*type, "v", nullable, zone)
                          : arrow::make_schema("u", "v", nullable);
  std::vector<arrow::UniqueSchema> children;
  for (std::int64_t i = 0; i < plain->n_children; ++i)
    children.push_back(arrow::copy_schema(*plain->children[i]));
  return arrow::make_schema(
      arrow::SchemaParts{.format = plain->format,
                         .name = "v",
                         .nullable = nullable,
                         .metadata = {{"Spark:DataType:SqlName", std::string(type_text)}},
                         .children = std::move(children),
                         .flags = plain->flags & ~ARROW_FLAG_NULLABLE});
}

class GoldenResult final : public EngineResult {
 public:
  GoldenResult(const GoldenValue& value, std::string_view zone) {
    std::string_view type = value.expected.type;
    const bool nullable = !type.ends_with(kNotNull);
    if (!nullable) type.remove_suffix(kNotNull.size());
    schema_ = arrow::struct_schema(arrow::children(field_of(type, nullable, zone)));
    warehouse::ResultColumn column{.name = "v", .type_text = std::string(type)};
    if (const auto parsed = warehouse::parse_type(type);
        parsed && parsed->kind == warehouse::TypeKind::Decimal) {
      column.precision = parsed->precision;
      column.scale = parsed->scale;
    }
    columns_.push_back(std::move(column));
    arrow::BatchBuilder batch(*schema_);
    append_typed(batch.column(0), *schema_->children[0], value.expected.typed);
    if (nullable) batch.column(0).append_null();
    batch_ = batch.finish();
  }

  Kind kind() const override { return Kind::Rows; }
  const std::vector<warehouse::ResultColumn>& columns() const override { return columns_; }
  const ArrowSchema& arrow_schema() const override { return *schema_; }
  std::optional<arrow::UniqueArray> next() override { return std::exchange(batch_, std::nullopt); }
  std::optional<std::int64_t> affected_rows() const override { return std::nullopt; }

 private:
  arrow::UniqueSchema schema_;
  std::vector<warehouse::ResultColumn> columns_;
  std::optional<arrow::UniqueArray> batch_;
};

/// One text, as `SELECT current_timezone()` gives it.
GoldenValue zone_value(const std::string& zone) {
  return {.id = "zone",
          .zone = zone,
          .source = "=",
          .expected = {.type = "STRING NOT NULL", .text = zone, .typed = "str:\"" + zone + '"'},
          .exceptions = {}};
}

class GoldenSession final : public EngineSession {
 public:
  /// \param zone  of the session where the engine's own does not count, else empty
  GoldenSession(std::unique_ptr<EngineSession> real, const std::vector<GoldenValue>& values,
                std::string zone)
      : real_(std::move(real)), values_(values), zone_(std::move(zone)) {}

  std::unique_ptr<EngineResult> execute(std::string_view sql,
                                        const std::vector<warehouse::EngineParameter>& parameters,
                                        std::int64_t row_limit, std::stop_token stop) override {
    if (sql == "SELECT current_timezone()" && !zone_.empty())
      return std::make_unique<GoldenResult>(zone_value(zone_), zone_);
    if (!sql.starts_with(kStatement))
      return real_->execute(sql, parameters, row_limit, std::move(stop));
    const std::string_view id = sql.substr(kStatement.size());
    const auto value =
        std::ranges::find_if(values_, [&](const GoldenValue& one) { return one.id == id; });
    if (value == values_.end())
      throw warehouse::EngineError{"42704", "", base::concat("no golden value ", id)};
    return std::make_unique<GoldenResult>(*value, time_zone());
  }

  std::unique_ptr<EngineResult> catalogs() override { return real_->catalogs(); }
  std::unique_ptr<EngineResult> schemas(const CatalogFilter& filter) override {
    return real_->schemas(filter);
  }
  std::unique_ptr<EngineResult> tables(const CatalogFilter& filter) override {
    return real_->tables(filter);
  }
  std::unique_ptr<EngineResult> table_types() override { return real_->table_types(); }
  std::unique_ptr<EngineResult> columns(const CatalogFilter& filter) override {
    return real_->columns(filter);
  }
  std::unique_ptr<EngineResult> type_info() override { return real_->type_info(); }
  std::unique_ptr<EngineResult> functions(const CatalogFilter& filter) override {
    return real_->functions(filter);
  }
  std::unique_ptr<EngineResult> primary_keys(const CatalogFilter& filter) override {
    return real_->primary_keys(filter);
  }
  std::unique_ptr<EngineResult> cross_reference(const CatalogFilter& parent,
                                                const CatalogFilter& foreign) override {
    return real_->cross_reference(parent, foreign);
  }
  std::string current_catalog() const override { return real_->current_catalog(); }
  std::string current_schema() const override { return real_->current_schema(); }
  std::string time_zone() const override { return zone_.empty() ? real_->time_zone() : zone_; }

 private:
  std::unique_ptr<EngineSession> real_;
  const std::vector<GoldenValue>& values_;
  std::string zone_;
};

/// Takes a zone out of the settings that the engine would refuse: offsets that are not whole hours.
std::string take_odd_zone(warehouse::SessionSettings& settings) {
  for (auto conf = settings.confs.begin(); conf != settings.confs.end(); ++conf) {
    const std::string& zone = conf->second;
    const bool is_offset = zone.starts_with('+') || zone.starts_with('-');
    if (!is_offset || !base::equals_ignore_case(conf->first, "timezone")) continue;
    std::string taken = zone;
    settings.confs.erase(conf);
    return taken;
  }
  return {};
}

class GoldenEngine final : public warehouse::Engine {
 public:
  explicit GoldenEngine(std::vector<GoldenValue> values)
      : real_(warehouse::open_engine({.library = warehouse::default_engine_library()})),
        values_(std::move(values)) {}

  std::unique_ptr<EngineSession> open_session(const warehouse::SessionSettings& settings) override {
    warehouse::SessionSettings accepted = settings;
    std::string zone = take_odd_zone(accepted);
    return std::make_unique<GoldenSession>(real_->open_session(accepted), values_, std::move(zone));
  }
  void load_table(const std::string& name, const std::string& file) override {
    real_->load_table(name, file);
  }

 private:
  std::unique_ptr<warehouse::Engine> real_;
  const std::vector<GoldenValue> values_;
};

}  // namespace

std::unique_ptr<warehouse::Engine> make_golden_engine(std::vector<GoldenValue> values) {
  return std::make_unique<GoldenEngine>(std::move(values));
}

}  // namespace dbsql::test
