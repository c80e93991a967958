#pragma once

#include <dbsql/execute_options.h>
#include <dbsql/statement_state.h>

#include "base/buffer.h"
#include "base/call_context.h"
#include "http/transport.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a Databricks SQL server can do, in neutral terms: Thrift and REST implement it, sessions
/// and results use it.
namespace dbsql::protocol {

/// Where names of tables are looked up that say no more than the table; empty = not known.
struct Namespace {
  std::string catalog;
  std::string schema;
};

struct SessionRequest {
  std::string catalog;
  std::string schema;
  std::map<std::string, std::string> confs;
  /// Hears when the session is opened, and when it is closed; may be null.
  std::shared_ptr<observe::Observer> observer;
};

struct ExecuteRequest {
  std::string sql;
  const Parameters* parameters = nullptr;  ///< not null; outlives the call
  std::int64_t row_limit = 0;              ///< 0 = none
  std::chrono::seconds server_timeout{0};  ///< 0 = none
  /// Let the reply bring what comes of a short statement; false = it is answered at once.
  bool direct_results = true;
  std::vector<std::pair<std::string, std::optional<std::string>>> query_tags;
  /// Hears how freeing the statement on the server went; may be null.
  std::shared_ptr<observe::Observer> observer{};
  bool inline_only = false;  ///< rows must not come as links to files on storage
  /// It is not cancelled when its caller gives up waiting for the reply: half of it would be worse.
  bool runs_on = false;
};

/// A column as the protocol names it, before the Arrow schema has its say
/// (reference/results.md 3.1).
struct ColumnDescription {
  std::string name;
  std::string type_name;  ///< `BIGINT`, `DECIMAL`, `NULL`, ...; empty = unknown
  std::optional<std::int32_t> precision;
  std::optional<std::int32_t> scale;
};

struct ResultMetadata {
  std::vector<ColumnDescription> columns;
  base::Buffer
      arrow_schema;  ///< one IPC Schema message, never compressed; empty when the server sent none
  bool lz4_compressed =
      false;  ///< a claim: the magic bytes of each body decide (reference/results.md 1.6)
  bool truncated_by_server = false;
  /// The statement was a PUT, GET or REMOVE of a volume: its one row tells the transfer that the
  /// client has to make (reference/results.md 5.1).
  bool is_staging = false;
};

/// One record-batch message, LZ4-framed or plain.
struct ArrowBatch {
  base::Buffer bytes;
  std::int64_t row_count = 0;  ///< rows that belong to the result; the message may hold more
};

/// One column of a column-based page, still in the wire's list encoding
/// (reference/thrift.md 6.1, 6.2).
struct WireColumn {
  enum class Kind : std::uint8_t { Bool, Int8, Int16, Int32, Int64, Double, String, Binary };
  Kind kind = Kind::String;
  std::int64_t count = 0;
  /// Fixed-width kinds: `count` big-endian values back to back. String and Binary: `count` times a
  /// big-endian int32 length and that many bytes. The producer has checked that exactly `count`
  /// values lie inside.
  std::span<const std::byte> values;
  /// Bit i & 7 (least significant first) of byte i >> 3 set = NULL; may be shorter than needed:
  /// missing bits are 0.
  std::span<const std::byte> nulls;
};

/// Bytes per value on the wire; 0 for text and binary, which carry their length.
constexpr std::size_t wire_width(WireColumn::Kind kind) noexcept {
  switch (kind) {
    case WireColumn::Kind::Bool:
    case WireColumn::Kind::Int8:
      return 1;
    case WireColumn::Kind::Int16:
      return 2;
    case WireColumn::Kind::Int32:
      return 4;
    case WireColumn::Kind::Int64:
    case WireColumn::Kind::Double:
      return 8;
    case WireColumn::Kind::String:
    case WireColumn::Kind::Binary:
      break;
  }
  return 0;
}

struct ColumnarRows {
  std::vector<WireColumn> columns;
  base::Buffer owner;  ///< keeps the spans alive
};

/// One file of the result on cloud storage (reference/results.md 1.7). The URL and the headers are
/// secrets.
struct ResultLink {
  std::string url;
  http::Headers headers;  ///< to be sent with the GET; nothing else that identifies anybody may be
  std::chrono::system_clock::time_point expiry;
  std::int64_t start_row = 0;
  std::int64_t row_count = 0;   ///< rows that belong to the result; the file may hold more
  std::int64_t size_bytes = 0;  ///< about the uncompressed size; a hint only
};

/// One answer to a fetch, or the rows that came with the execute reply. What arrived decides the
/// format, page by page.
struct Page {
  std::int64_t start_row = 0;
  bool has_more = false;
  /// What arrived; monostate: no rows.
  std::variant<std::monostate, std::vector<ArrowBatch>, ColumnarRows, std::vector<ResultLink>> rows;
  std::int64_t wire_bytes = 0;
};

/// One running or finished statement on the server.
///
/// Threads: `metadata`, `next_page` and `refresh_links` are for the reader, one thread at a time;
/// everything else may be called by any thread at any time.
/// The destructor sends nothing: call `close()`.
class Operation {
 public:
  virtual ~Operation() = default;

  /// The server's id as UUID text.
  virtual const std::string& statement_id() const noexcept = 0;

  /// Waits until the statement has finished; at once when the execute reply already said so.
  /// \throws SqlError when it failed, now and whenever it is asked again; TimeoutError or
  /// CancelledError as `call` demands: the statement then goes on
  virtual void wait(const base::CallContext& call) = 0;

  /// Where the statement stands: asks the server unless a final state is known.
  virtual StatementState state(const base::CallContext& call) = 0;

  /// Known after `wait()`; fetched once when no reply carried it.
  virtual const ResultMetadata& metadata(const base::CallContext& call) = 0;

  /// The next page in order; empty after the last one. Checks status and continuity of row offsets.
  virtual std::optional<Page> next_page(const base::CallContext& call) = 0;

  /// Asks for the next page now, if there is one, so that `next_page()` finds it on its way or
  /// here. Returns at once. For the reader; nothing comes of it where the protocol cannot do it
  /// safely.
  virtual void ask_ahead() {}

  /// Fresh links of the files from `start_row` on, without moving the position of `next_page()`.
  virtual std::vector<ResultLink> refresh_links(std::int64_t start_row,
                                                const base::CallContext& call) = 0;

  virtual std::optional<std::int64_t> affected_rows() const noexcept = 0;

  /// Whether the server may still hold something for this statement, as far as this side knows.
  virtual bool is_open() const noexcept = 0;

  /// Asks the server to stop the statement and waits for its answer; nothing when it is over, or
  /// was already cancelled. \throws Error when the server refused or was not heard: the statement
  /// goes on, and the call may be repeated
  virtual void cancel(const base::CallContext& call) = 0;

  /// The same without waiting for the answer; best effort, bounded in time.
  virtual void cancel_in_background() noexcept = 0;

  /// Frees the operation on the server unless it already did; best effort, bounded in time, at most
  /// once. Returns at once.
  virtual void close() noexcept = 0;
};

struct ListingRequest;

/// One session on one server.
///
/// Threads: any thread; statements of one session may run side by side.
class Session {
 public:
  virtual ~Session() = default;
  virtual const std::string& id() const noexcept = 0;

  /// Submits a statement; returns as soon as the server has answered once.
  virtual std::unique_ptr<Operation> execute(const ExecuteRequest& request,
                                             const base::CallContext& call) = 0;

  /// The statement of that id, which another session may have submitted; asks the server about it.
  /// \throws Error (InvalidArgument) when the text is no id; (StatementClosed) when the server
  /// knows none of that id
  /// \param observer  of the statement, from now on; may be null
  virtual std::unique_ptr<Operation> attach(const std::string& statement_id,
                                            std::shared_ptr<observe::Observer> observer,
                                            const base::CallContext& call) = 0;

  /// Asks what catalogs, schemas, tables and so on there are; the answer is read like the result of
  /// a statement. Names are taken as they are: which of them are patterns is the server's affair.
  virtual std::unique_ptr<Operation> list(const ListingRequest& request,
                                          const base::CallContext& call) = 0;

  /// Whether the server has said that the session is gone.
  virtual bool is_dead() const noexcept = 0;

  /// The namespace that the session began in.
  virtual const Namespace& initial_namespace() const noexcept = 0;

  /// Waits for statements that are being closed, then ends the session. Best effort, at most five
  /// seconds, at most once.
  virtual void close() noexcept = 0;
  /// The same, until that moment at most.
  virtual void close_by(base::CallContext::TimePoint until) noexcept = 0;

  /// Nothing more is sent for the session, not even its end: the server closes idle sessions by
  /// itself. For when there is no time to wait for an answer.
  virtual void abandon() noexcept = 0;
};

/// A server and the way to talk to it. A seam with two implementations: Thrift and REST.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::shared_ptr<Session> open_session(const SessionRequest& request,
                                                const base::CallContext& call) = 0;
};

}  // namespace dbsql::protocol
