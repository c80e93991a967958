#pragma once

#include "base/clock.h"
#include "protocol/backend.h"
#include "protocol/thrift/page_reader.h"
#include "protocol/thrift/session.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dbsql::protocol::thrift {

/// One statement, from the reply to its submission to its end (reference/thrift.md 3.2 to 3.6).
class ThriftOperation final : public Operation {
 public:
  /// Checks the execute reply and takes what it brought along.
  /// \throws Error when the server refused the statement
  static std::unique_ptr<ThriftOperation> start(std::shared_ptr<ThriftSession> session,
                                                ExecuteReply reply,
                                                base::Clock::TimePoint submitted,
                                                const base::CallContext& call);

  const std::string& statement_id() const noexcept override { return statement_id_; }
  void wait(const base::CallContext& call) override;
  const ResultMetadata& metadata(const base::CallContext& call) override;
  std::optional<Page> next_page(const base::CallContext& call) override;
  std::vector<ResultLink> refresh_links(std::int64_t start_row,
                                        const base::CallContext& call) override;
  std::optional<std::int64_t> affected_rows() const noexcept override { return affected_rows_; }
  void cancel() noexcept override;
  void close() noexcept override;

 private:
  ThriftOperation(std::shared_ptr<ThriftSession> session, ExecuteReply reply,
                  base::Clock::TimePoint submitted);

  /// What an error means for the statement itself.
  enum class Phase : std::uint8_t {
    Running,  ///< it may have done its work all the same, unless the server said that it failed
    Reading,  ///< it has finished; only rows are missing
  };

  /// Runs `action` with the statement's id in its context; errors get ids, and a caller who gave up
  /// stops the server too.
  template <class Action>
  auto guarded(const base::CallContext& call, Phase phase, Action&& action);

  void take_direct_results(ExecuteReply reply, const base::CallContext& call);
  void poll(const base::CallContext& call);
  /// Takes in one status reply; true when the statement has finished.
  bool absorb_status(const tcli::TGetOperationStatusResp& status, const base::CallContext& call);
  [[noreturn]] void fail(const tcli::TGetOperationStatusResp& status,
                         const base::CallContext& call);
  void report_poll(std::int32_t state, const base::CallContext& call) const;
  Page fetch(const base::CallContext& call);
  void accept(Page& page);

  std::shared_ptr<ThriftSession> session_;
  std::shared_ptr<const tcli::TOperationHandle> handle_;
  base::Clock::TimePoint submitted_;
  std::string statement_id_;
  int polls_ = 0;
  bool finished_ = false;
  bool failed_on_server_ = false;  // the server itself said that the statement came to nothing
  bool at_end_ = false;            // the last page was delivered
  bool has_links_ = false;         // files may still have to be downloaded after that
  std::int64_t expected_row_ = 0;  // first row of the next page
  std::optional<Page> first_page_;
  std::optional<ResultMetadata> metadata_;
  std::optional<std::int64_t> affected_rows_;
  std::atomic<bool> over_ = false;  // nothing may be sent for the handle any more
};

}  // namespace dbsql::protocol::thrift
