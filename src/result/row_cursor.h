#pragma once

#include <dbsql/row.h>
#include <dbsql/schema.h>

#include "arrow/c_data.h"
#include "arrow/type.h"
#include "result/type_text.h"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace dbsql::result {

/// Resolves the columns of record batches for reading cell by cell: types, zones and nesting once
/// per result, pointers once per batch, so that a cell costs neither a look-up nor a virtual call
/// (reference/performance.md 5, row 27).
///
/// Ownership: refers to both schemas, which outlive it; the references of `bind` live until the
/// next `bind` and no
///   longer than the batch.
/// Threads: one at a time.
/// Errors: `CorruptResult` for a batch that does not have the shape of its schema. Offsets and
/// lengths inside the
///   buffers are trusted: their producers (the IPC reader, `to_record_batch`) have checked them.
/// Cost: per batch a few stores per column; dictionary-encoded columns are decoded here, once.
class RowBinder {
 public:
  /// \param arrow   the struct of all columns
  /// \param schema  as `build_schema` made it from the same Arrow schema
  RowBinder(const ArrowSchema& arrow, const Schema& schema);
  RowBinder(const RowBinder&) = delete;
  RowBinder& operator=(const RowBinder&) = delete;

  /// The columns of this batch, as many as the schema has.
  std::span<const detail::ColumnRef> bind(const ArrowArray& batch);

  /// Whether this binder was made for these very objects.
  bool is_for(const ArrowSchema& arrow, const Schema& schema) const noexcept {
    return &arrow == &arrow_ && &schema == &schema_;
  }

 private:
  void resolve(std::size_t index, const ArrowSchema& field, int depth);
  void resolve_children(std::size_t index, const ArrowSchema& field, int depth);
  void bind_node(std::size_t index, const ArrowArray& array);
  void bind_children(std::size_t index, const ArrowArray& array);
  const ArrowArray& decoded(const detail::ColumnRef& ref, const ArrowArray& array);

  /// Where the nested columns of a reference stand, and how its memory is laid out.
  struct Shape {
    arrow::Layout layout = arrow::Layout::Null;
    std::size_t first_child = 0;
  };

  const ArrowSchema& arrow_;
  const Schema& schema_;
  std::vector<detail::ColumnRef> refs_;  // the columns first, then what is nested in them
  std::vector<Shape> shapes_;            // beside `refs_`
  std::deque<DeclaredType> declared_;
  std::vector<arrow::UniqueArray> decoded_;  // dictionary columns of the current batch
};

/// Makes `columns` the columns of this batch. What a former call with the same schemas has resolved
/// is used again: keep the vector from batch to batch. The references own what they need besides
/// the batch and the schemas. Errors: as `RowBinder`.
void bind_columns(const ArrowSchema& arrow, const ArrowArray& batch, const Schema& schema,
                  std::vector<detail::ColumnRef>& columns);

}  // namespace dbsql::result
