#pragma once

#include <dbsql/arrow_c.h>
#include <dbsql/export.h>
#include <dbsql/profile.h>
#include <dbsql/row.h>
#include <dbsql/schema.h>
#include <dbsql/staging.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dbsql {

/// The rows of one statement, read once, in order, as they arrive.
///
/// Ownership: movable, not copyable. It shares the session and may be read after its `Connection`
/// object is gone; the
///   session is closed when the last of them is. Arrow data taken from it outlives it.
/// Threads: one reader at a time; `close()` from any thread.
/// Errors: everything thrown derives from `dbsql::Error`; after an error every further read throws
/// the same one. The
///   end of data is reached only when the server says so and all declared rows were delivered
///   (`CorruptResult` if not).
/// Cost: at most one server page is held; text and binary cells are views into it.
class DBSQL_EXPORT Result {
 public:
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;
  ~Result();

  const Schema& schema() const noexcept;
  std::size_t column_count() const noexcept { return schema().size(); }

  /// The server's id of the statement, as shown in its query history.
  const std::string& statement_id() const noexcept;

  /// Rows inserted, updated and deleted, where the server reports a count; empty for queries and
  /// DDL.
  std::optional<std::int64_t> affected_rows() const noexcept;

  /// What was moved, when the statement was a PUT, GET or REMOVE of a volume's file: such a result
  /// has neither columns nor rows.
  const std::optional<StagingResult>& staging() const noexcept;

  /// Where the time of the statement went so far: from any thread, at any time, until the result
  /// is handed over or destroyed. Of a statement that was run once more because its files were out
  /// of reach, the second run.
  StatementProfile profile() const;

  /// The rows as tuples of the given types, one type per column. A loop may be left and taken up
  /// again over the same rows object; asking for another one before the end is `InvalidState`.
  /// \throws Error (InvalidArgument) when the number of types differs from the number of columns,
  /// at the first
  ///   cell whose column cannot be read as its type, and for NULL where the type is not
  ///   `std::optional`
  template <class First, class... Rest>
  TypedRows<First, Rest...> rows() & {
    return TypedRows<First, Rest...>(cursor());
  }
  /// The same for a result without a name, which the rows then keep alive:
  /// `for (auto [id] : connection.query("...").rows<std::int64_t>())`.
  template <class First, class... Rest>
  TypedRows<First, Rest...> rows() && {
    const detail::Cursor start = cursor();
    return TypedRows<First, Rest...>(start, hand_over());
  }

  /// The rows as `RowRef`s, for columns that are known only at run time.
  Rows rows() & { return Rows(cursor()); }
  Rows rows() && {
    const detail::Cursor start = cursor();
    return Rows(start, hand_over());
  }

  /// The next batch of rows as an Arrow struct array, zero copy; empty at the end of data.
  /// The caller releases it. Do not mix with `rows()`.
  std::optional<ArrowArray> next_batch();

  /// The Arrow schema of `next_batch()`; the caller releases it.
  ArrowSchema arrow_schema() const;

  /// Hands the rest of the result to the caller as an Arrow C stream, zero copy. This object is
  /// empty afterwards. Stream errors carry the message of the `dbsql::Error`.
  ArrowArrayStream arrow_stream() &&;

  /// Ends reading: aborts downloads, frees their memory, and tells the server to forget the
  /// statement if it still knows it. A read on another thread ends at once, with `StatementClosed`
  /// as every later one, unless all rows had been read; rows and batches it has already been given
  /// stay valid. Never throws; done by the destructor.
  void close() noexcept;

  class Impl;
  explicit Result(std::unique_ptr<Impl> impl);  ///< internal: results come from `Connection`

 private:
  detail::Cursor cursor();
  std::shared_ptr<void> hand_over();  // the state itself; this object is empty afterwards

  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql
