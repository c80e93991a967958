#include "protocol/thrift/page_ahead.h"

#include <tcli_service_types.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace dbsql::protocol::thrift {

namespace {

/// After this a page that nobody came for is given up; whoever waits has a deadline of their own.
constexpr std::chrono::minutes kLongest{15};

}  // namespace

struct PageAhead::Answer {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool is_here = false;
  std::optional<RpcReply> reply;
};

void PageAhead::ask(Rpc& rpc, const Method& method, const tcli::TFetchResultsReq& request,
                    const base::Trace& trace) {
  answer_ = std::make_shared<Answer>();
  rpc.call_in_background(method, request, trace, kLongest,
                         [answer = answer_](std::optional<RpcReply> reply) {
                           const std::lock_guard lock(answer->mutex);
                           answer->reply = std::move(reply);
                           answer->is_here = true;
                           answer->changed.notify_all();
                         });
}

std::optional<RpcReply> PageAhead::take(base::Clock& clock, const base::CallContext& call) {
  std::unique_lock lock(answer_->mutex);
  clock.wait(lock, answer_->changed, call, [this] { return answer_->is_here; });
  std::optional<RpcReply> reply = std::move(answer_->reply);
  lock.unlock();
  answer_ = nullptr;
  return reply;
}

}  // namespace dbsql::protocol::thrift
