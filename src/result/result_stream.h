#pragma once

#include <dbsql/schema.h>

#include "arrow/c_data.h"
#include "arrow/ipc_reader.h"
#include "base/call_context.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"
#include "result/inline_source.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace dbsql::result {

/// The rows of one page, by the format in which they arrived.
using BatchSource = std::variant<std::monostate, InlineSource, protocol::ColumnarRows>;

/// Asks the server in which zone the session writes timestamps; empty when it does not say.
using AskTimeZone = std::function<std::optional<std::string>(const base::CallContext&)>;

/// The record batches of one statement, in order, whatever format each page arrives in.
///
/// Ownership: `close()` or the destructor frees the operation on the server, whoever shares it.
/// Batches outlive this object. Threads: one thread at a time. Errors: those of the operation, and
/// `CorruptResult` when a page does not hold what it declares or the server cut the
///   result short. After an error the stream must not be read further.
/// Cost: two pages at a time are held, the second only if the budget of `files` has room for it, or
/// what that budget allows of files from cloud storage.
class ResultStream {
 public:
  /// \param operation  finished
  /// \param row_limit  rows beyond it are cut; 0 = all
  /// \param files      how files are downloaded, for results that come as links
  ResultStream(std::shared_ptr<protocol::Operation> operation, CloudFetchEnvironment files,
               std::int64_t row_limit);
  /// The same, opened.
  ResultStream(std::shared_ptr<protocol::Operation> operation, std::int64_t row_limit,
               const base::CallContext& call, CloudFetchEnvironment files = {});
  ~ResultStream() { close(); }
  ResultStream(const ResultStream&) = delete;
  ResultStream& operator=(const ResultStream&) = delete;

  /// Reads what comes before the rows. After a deadline or a stop of `call` it may be called again;
  /// any other error closes the stream.
  /// \param ask_zone  called when timestamps come without their zone
  void open(const base::CallContext& call, const AskTimeZone& ask_zone = {});

  const Schema& schema() const noexcept { return schema_; }
  const ArrowSchema& arrow_schema() const noexcept { return *arrow_schema_; }
  std::optional<std::int64_t> affected_rows() const noexcept { return operation_->affected_rows(); }

  /// The next batch, possibly of zero rows; empty at the end.
  std::optional<arrow::UniqueArray> next(const base::CallContext& call);

  /// Makes it a result without columns and rows: what the server sent was for this side alone.
  void discard();

  /// See `CloudFetchPipeline::storage_is_unreachable`.
  bool storage_is_unreachable() const { return files_ && files_->storage_is_unreachable(); }

  /// Ends downloads and frees the statement on the server.
  void close() noexcept;

 private:
  void read_schema(const base::CallContext& call);
  std::optional<protocol::Page> next_page(const base::CallContext& call);
  std::optional<protocol::Page> next_page_ahead(const base::CallContext& call);
  std::optional<arrow::UniqueArray> next_batch(const base::CallContext& call);
  std::optional<arrow::UniqueArray> next_of_files(const base::CallContext& call);
  void add_files(std::vector<protocol::ResultLink> links);
  void look_ahead(const base::CallContext& call);
  BatchSource choose_source(protocol::Page page);
  void read_ahead(const protocol::Page& page);
  void note_compression(const std::vector<protocol::ArrowBatch>& batches);
  std::optional<arrow::UniqueArray> next_of_page(const base::CallContext& call);
  static void tell_of_decoding(const DecodeWork& work, const base::CallContext& call);
  void count_against_limit(arrow::UniqueArray& batch);
  void require_complete() const;

  std::shared_ptr<protocol::Operation> operation_;
  arrow::UniqueSchema arrow_schema_;
  Schema schema_;
  std::optional<arrow::RecordBatchDecoder> decoder_;
  std::size_t last_batch_size_ = 0;  // decompressed; the guess for the next one
  std::optional<protocol::Page>
      peeked_;  // read before its turn: to learn the schema, or for its links
  bool pages_done_ = false;
  std::exception_ptr page_failure_;  // of a page that was asked for before its turn
  BatchSource source_;
  std::int64_t page_bytes_ = 0;             // of the page that is being read
  MemoryBudget::Reservation page_memory_;   // of the page that is being read
  MemoryBudget::Reservation ahead_memory_;  // of the page that was asked for meanwhile
  CloudFetchEnvironment environment_;
  std::unique_ptr<CloudFetchPipeline> files_;  // while files are being read
  std::optional<std::int64_t> rows_left_;      // until the row limit; empty = no limit
  bool truncated_by_server_ = false;
  bool claims_lz4_ = false;  // until found untrue
};

}  // namespace dbsql::result
