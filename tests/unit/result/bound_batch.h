#pragma once

#include <dbsql/row.h>
#include <dbsql/schema.h>

#include "arrow/builder.h"
#include "arrow/c_data.h"
#include "result/row_cursor.h"
#include "result/schema_builder.h"

#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A field as servers send it: with its SQL type in the metadata.
inline arrow::UniqueSchema sql_field(const arrow::UniqueSchema& type, std::string name,
                                     std::string sql_name) {
  arrow::UniqueSchema copy = arrow::copy_schema(*type);
  std::vector<arrow::UniqueSchema> children;
  for (std::int64_t i = 0; i < copy->n_children; ++i)
    children.push_back(arrow::copy_schema(*copy->children[i]));
  arrow::SchemaParts parts{.format = copy->format, .name = std::move(name)};
  if (!sql_name.empty()) parts.metadata = {{"Spark:DataType:SqlName", std::move(sql_name)}};
  parts.children = std::move(children);
  if (copy->dictionary != nullptr) parts.dictionary = arrow::copy_schema(*copy->dictionary);
  return arrow::make_schema(std::move(parts));
}

/// A batch with its schemas, bound for reading. Stays where it is: the columns point into it.
class BoundBatch {
 public:
  BoundBatch(arrow::UniqueSchema arrow_schema, arrow::UniqueArray batch)
      : arrow_schema_(std::move(arrow_schema)), batch_(std::move(batch)) {
    protocol::ResultMetadata metadata;
    for (std::int64_t i = 0; i < arrow_schema_->n_children; ++i)
      metadata.columns.push_back({.name = arrow_schema_->children[i]->name});
    schema_ = result::build_schema(metadata, arrow_schema_.get());
    result::bind_columns(*arrow_schema_, *batch_, schema_, columns_);
  }
  BoundBatch(const BoundBatch&) = delete;
  BoundBatch& operator=(const BoundBatch&) = delete;

  const detail::ColumnRef& column(std::size_t index = 0) const { return columns_.at(index); }
  const Schema& schema() const { return schema_; }
  const ArrowSchema& arrow_schema() const { return *arrow_schema_; }
  const ArrowArray& batch() const { return *batch_; }

  std::string text(std::int64_t row, std::size_t index = 0) const {
    return detail::cell_text(column(index), row);
  }
  Value value(std::int64_t row, std::size_t index = 0) const {
    return detail::cell_value(column(index), row);
  }
  template <class T>
  T get(std::int64_t row, std::size_t index = 0) const {
    return detail::NullableCell<T>::read(column(index), row);
  }

  /// Stands on a row, as the rows of a result do.
  detail::Cursor at(std::int64_t row) const {
    return {.columns = columns_, .schema = &schema_, .row = row, .row_count = batch_->length};
  }

 private:
  arrow::UniqueSchema arrow_schema_;
  arrow::UniqueArray batch_;
  Schema schema_;
  std::vector<detail::ColumnRef> columns_;
};

/// A batch of one column: `fill` appends the rows to its builder.
template <class Fill>
BoundBatch one_column(const arrow::UniqueSchema& type, std::string sql_name, const Fill& fill) {
  auto schema = arrow::struct_schema(arrow::children(sql_field(type, "c", std::move(sql_name))));
  arrow::BatchBuilder builder(*schema);
  fill(builder.column(0));
  auto batch = builder.finish();
  return {std::move(schema), std::move(batch)};
}

}  // namespace dbsql::test
