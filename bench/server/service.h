#pragma once

#include "server/replies.h"
#include "server/stats.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::bench {

/// A reply in three pieces: the first is this request's own, the others are prepared memory.
struct Outgoing {
  std::string head;
  std::string_view body;
  std::string_view tail;

  std::size_t size() const noexcept { return head.size() + body.size() + tail.size(); }
};

/// Answers TCLIService calls from prepared replies. Handles are looked up by guid alone.
///
/// Threads: one. Cost: well under a microsecond a call, once a statement's result is prepared.
class Service {
 public:
  /// \param origin  of this server, for links
  explicit Service(std::string origin);

  /// Makes the result of a statement now, rather than at its first use.
  /// \throws std::invalid_argument  no such bench statement
  const PreparedResult& prepare(std::string_view statement);

  /// \param request  one whole Thrift message
  /// \param outgoing  `head` is appended to, so that a HTTP head can stand before it later
  /// \return the method's name, for the statistics
  Method answer(std::span<const char> request, Outgoing& outgoing);

  /// A prepared result by its number. \throws std::invalid_argument  there is none
  const PreparedResult& result(std::uint32_t number) const;

  /// What the last statement asked for, for the report.
  const std::string& last_options() const noexcept { return last_options_; }
  void note_options(std::string options) { last_options_ = std::move(options); }

 private:
  struct Operation {
    const PreparedResult* result = nullptr;
    std::int64_t next_page = 0;
    bool open = false;
  };
  struct Call;
  struct ExecuteOptions;

  const PreparedResult& keep(std::string name, EncodedResult encoded, const PagesSpec& spec);
  void execute(const Call& call, Outgoing& outgoing);
  void fetch(const Call& call, Outgoing& outgoing);
  void metadata(const Call& call, Outgoing& outgoing);
  void close_operation(const Call& call);
  void reply(const PreparedReply& prepared, const Call& call, Outgoing& outgoing);
  const PreparedResult* result_for(const ExecuteOptions& options, std::string& refusal);
  std::uint32_t open_operation(const PreparedResult& result);
  Operation* find(const Guid& guid);

  std::string origin_;
  PreparedReply open_session_;
  PreparedReply close_session_;
  PreparedReply close_operation_;
  PreparedReply cancel_operation_;
  PreparedReply operation_status_;
  std::map<std::string, std::unique_ptr<PreparedResult>, std::less<>> results_;
  std::vector<const PreparedResult*> numbered_;
  std::vector<Operation> operations_;
  std::vector<std::uint32_t> free_operations_;
  std::uint32_t next_session_ = 0;
  std::string last_options_;
};

}  // namespace dbsql::bench
