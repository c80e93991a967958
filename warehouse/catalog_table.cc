#include "warehouse/catalog_table.h"

#include "arrow/builder.h"
#include "warehouse/type_arrow.h"

#include <utility>

namespace dbsql::warehouse {
namespace {

class FixedResult final : public EngineResult {
 public:
  FixedResult(Kind kind, std::vector<TableColumn> columns, std::vector<CellRow> rows,
              std::optional<std::int64_t> affected)
      : kind_(kind),
        columns_(describe_columns(columns)),
        schema_(result_schema(columns, "Etc/UTC")),
        rows_(std::move(rows)),
        affected_(affected) {}

  Kind kind() const override { return kind_; }
  const std::vector<ResultColumn>& columns() const override { return columns_; }
  const ArrowSchema& arrow_schema() const override { return *schema_; }
  std::optional<std::int64_t> affected_rows() const override { return affected_; }

  std::optional<arrow::UniqueArray> next() override {
    if (rows_.empty()) return std::nullopt;
    arrow::BatchBuilder batch(*schema_);
    for (const auto& row : std::exchange(rows_, {})) {
      for (std::size_t i = 0; i < row.size(); ++i) append(batch.column(i), i, row[i]);
    }
    return batch.finish();
  }

 private:
  void append(arrow::Builder& builder, std::size_t column, const Cell& cell) {
    if (std::holds_alternative<std::monostate>(cell)) return builder.append_null();
    if (const auto* text = std::get_if<std::string>(&cell)) {
      return builder.as<arrow::Utf8Builder>().append(std::string_view(*text));
    }
    if (const auto* flag = std::get_if<bool>(&cell)) {
      return builder.as<arrow::BoolBuilder>().append(*flag);
    }
    append_integer(builder, schema_->children[column]->format[0], std::get<std::int64_t>(cell));
  }

  static void append_integer(arrow::Builder& builder, char format, std::int64_t value) {
    switch (format) {
      case 'c':
        return builder.as<arrow::Int8Builder>().append(static_cast<std::int8_t>(value));
      case 's':
        return builder.as<arrow::Int16Builder>().append(static_cast<std::int16_t>(value));
      case 'i':
        return builder.as<arrow::Int32Builder>().append(static_cast<std::int32_t>(value));
      default:
        return builder.as<arrow::Int64Builder>().append(value);
    }
  }

  Kind kind_;
  std::vector<ResultColumn> columns_;
  arrow::UniqueSchema schema_;
  std::vector<CellRow> rows_;
  std::optional<std::int64_t> affected_;
};

}  // namespace

Cell text_cell(std::string value) { return Cell(std::move(value)); }

TableColumn text_column(std::string name, bool nullable) {
  return column(std::move(name), TypeKind::String, nullable);
}

TableColumn column(std::string name, TypeKind kind, bool nullable) {
  return {.name = std::move(name), .type = simple_type(kind), .nullable = nullable};
}

std::unique_ptr<EngineResult> make_table(std::vector<TableColumn> columns,
                                         std::vector<CellRow> rows) {
  return std::make_unique<FixedResult>(EngineResult::Kind::Rows, std::move(columns),
                                       std::move(rows), std::nullopt);
}

std::unique_ptr<EngineResult> make_dml_result(
    const std::vector<std::pair<std::string, std::int64_t>>& counts) {
  std::vector<TableColumn> columns;
  CellRow row;
  for (const auto& [name, count] : counts) {
    columns.push_back(column(name, TypeKind::BigInt));
    row.emplace_back(count);
  }
  return std::make_unique<FixedResult>(EngineResult::Kind::Dml, std::move(columns),
                                       std::vector<CellRow>{std::move(row)}, counts.at(0).second);
}

std::unique_ptr<EngineResult> make_ddl_result() {
  return std::make_unique<FixedResult>(EngineResult::Kind::Ddl, std::vector<TableColumn>{},
                                       std::vector<CellRow>{}, std::nullopt);
}

std::vector<ResultColumn> describe_columns(const std::vector<TableColumn>& columns) {
  std::vector<ResultColumn> described;
  for (const auto& column : columns) {
    ResultColumn result{.name = column.name, .type_text = type_text(column.type)};
    if (column.type.kind == TypeKind::Decimal) {
      result.precision = column.type.precision;
      result.scale = column.type.scale;
    }
    described.push_back(std::move(result));
  }
  return described;
}

arrow::UniqueSchema result_schema(const std::vector<TableColumn>& columns,
                                  const std::string& time_zone) {
  std::vector<arrow::UniqueSchema> fields;
  for (const auto& column : columns) {
    fields.push_back(result_field(column.type, column.name, column.nullable, time_zone));
  }
  return arrow::struct_schema(std::move(fields), {}, false);
}

}  // namespace dbsql::warehouse
