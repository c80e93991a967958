#pragma once

#include "base/clock.h"
#include "protocol/backend.h"
#include "protocol/keep_alive.h"
#include "protocol/thrift/page_ahead.h"
#include "protocol/thrift/page_reader.h"
#include "protocol/thrift/session.h"
#include "protocol/thrift/statement_status.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dbsql::protocol::thrift {

/// One statement, from the reply to its submission to its end (reference/thrift.md 3.2 to 3.6).
class ThriftOperation final : public Operation {
 public:
  /// Checks the execute reply and takes what it brought along.
  /// \param observer  hears how freeing it on the server went; may be null
  /// \throws Error when the server refused the statement
  static std::unique_ptr<ThriftOperation> start(std::shared_ptr<ThriftSession> session,
                                                ExecuteReply reply,
                                                base::Clock::TimePoint submitted,
                                                std::shared_ptr<observe::Observer> observer,
                                                const base::CallContext& call);

  /// An operation that was started by somebody else.
  /// \throws Error when the server does not know it
  static std::unique_ptr<ThriftOperation> attach(
      std::shared_ptr<ThriftSession> session,
      std::shared_ptr<const tcli::TOperationHandle> operation,
      std::shared_ptr<observe::Observer> observer, const base::CallContext& call);

  const std::string& statement_id() const noexcept override { return statement_id_; }
  void wait(const base::CallContext& call) override;
  StatementState state(const base::CallContext& call) override;
  const ResultMetadata& metadata(const base::CallContext& call) override;
  std::optional<Page> next_page(const base::CallContext& call) override;
  void ask_ahead() override;
  std::vector<ResultLink> refresh_links(std::int64_t start_row,
                                        const base::CallContext& call) override;
  std::optional<std::int64_t> affected_rows() const noexcept override {
    return status_.affected_rows();
  }
  bool is_open() const noexcept override { return !over_; }
  void cancel(const base::CallContext& call) override;
  void cancel_in_background() noexcept override;
  void close() noexcept override;
  /// It may have been carried out before it was sent again (`EarlierAttempts`): that it failed does
  /// not say that nothing was done. For what ends a transaction; right after `start`.
  void note_earlier_attempts() noexcept { has_earlier_attempts_ = true; }

 private:
  ThriftOperation(std::shared_ptr<ThriftSession> session,
                  std::shared_ptr<const tcli::TOperationHandle> operation,
                  base::Clock::TimePoint submitted, base::Trace trace);

  /// What an error means for the statement itself.
  enum class Phase : std::uint8_t {
    Running,  ///< it may have done its work all the same, unless the server said that it failed
    Reading,  ///< it has finished, or this is not about its work
  };

  /// Runs `action` with the statement's id in its context; errors get ids. While it runs, no
  /// heartbeat is needed.
  template <class Action>
  auto guarded(const base::CallContext& call, Phase phase, Action&& action);

  void keep_alive();
  void take_direct_results(ExecuteReply reply, const base::CallContext& call);
  void poll(const base::CallContext& call);
  void ask_status(const base::CallContext& call);
  void report_poll(const base::CallContext& call, std::chrono::nanoseconds latency) const;
  void report_page(const Page& page, std::chrono::nanoseconds latency,
                   const base::CallContext& call) const;
  bool has_rows() const noexcept;
  tcli::TFetchResultsReq fetch_request() const;
  RpcReply fetch_reply(const base::CallContext& call);
  Page fetch(const base::CallContext& call);
  Page timed_fetch(const base::CallContext& call, std::chrono::nanoseconds& latency);
  void require_continuous(const Page& page, std::int64_t rows) const;
  void accept(Page& page);
  /// Whether a cancel has something to do, and nobody has asked for it yet.
  bool claim_cancel() noexcept;
  std::function<void(bool)> tell_of_close() const;
  void forget() noexcept;

  const std::shared_ptr<ThriftSession> session_;
  const std::shared_ptr<const tcli::TOperationHandle> handle_;
  const base::Clock::TimePoint submitted_;
  const base::Clock::TimePoint answered_;  ///< when the server had taken it
  const base::Trace trace_;  // of the call that made it, for requests that nobody waits for
  std::string statement_id_;
  std::shared_ptr<observe::Observer> observer_;  // of the close alone; null: nobody cares

  // For any thread.
  StatementStatus status_;
  std::atomic<int> polls_ = 0;
  std::atomic<bool> has_earlier_attempts_ = false;
  std::atomic<bool> over_ = false;  // nothing may be sent for the handle any more
  std::atomic<bool> cancel_requested_ = false;
  std::shared_ptr<KeepAlive> keep_alive_;  // null when the server closed the statement at once

  // For the reader.
  bool at_end_ = false;            // the last page was delivered
  bool has_links_ = false;         // files may still have to be downloaded after that
  std::int64_t expected_row_ = 0;  // first row of the next page
  std::optional<Page> first_page_;
  PageAhead ahead_;
  bool cursor_unknown_ = false;  // a reply was lost: the server may stand elsewhere
  std::optional<ResultMetadata> metadata_;
};

}  // namespace dbsql::protocol::thrift
