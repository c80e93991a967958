#include "http/curl_transport.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "http/curl_engine.h"
#include "http/curl_handles.h"
#include "http/curl_transfer.h"
#include "http/streamed_bodies.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::http {

namespace {

/// A running transfer and the engine that runs it.
struct Started {
  std::shared_ptr<CurlEngine> engine;
  std::shared_ptr<CurlTransfer> transfer;
};

}  // namespace

class CurlTransport::Impl {
 public:
  Impl(const CurlOptions& options, base::Clock& clock)
      : clock_(clock), handles_(std::make_shared<CurlHandles>(options)) {}

  base::Clock& clock() const noexcept { return clock_; }

  Started start(const Request& request, std::optional<base::Clock::TimePoint> deadline,
                Completion completion, std::shared_ptr<StreamedBodies> streamed = nullptr) {
    auto transfer = std::make_shared<CurlTransfer>(request, handles_, deadline,
                                                   std::move(completion), std::move(streamed));
    Started started{next_engine(), std::move(transfer)};
    started.engine->submit(started.transfer);
    return started;
  }

 private:
  /// The engines are acquired by the first request: a transport that is never used starts no
  /// thread.
  const std::shared_ptr<CurlEngine>& next_engine() {
    std::call_once(engines_once_, [this] {
      const auto wanted = static_cast<std::size_t>(std::max(handles_->options().io_threads, 1));
      // A tunnel through a proxy belongs to the user who opened it. libcurl compares the names of
      // proxies, not their users, when it looks for a connection to reuse.
      const std::string owner = handles_->proxies().users();
      std::vector<std::shared_ptr<CurlEngine>> engines;
      for (std::size_t i = 0; i < std::min(wanted, CurlEngine::kMost); ++i)
        engines.push_back(CurlEngine::acquire(i, owner));
      engines_ = std::move(engines);
    });
    if (engines_.size() == 1) return engines_.front();
    return engines_[turn_.fetch_add(1, std::memory_order_relaxed) % engines_.size()];
  }

  base::Clock& clock_;
  std::shared_ptr<CurlHandles> handles_;
  std::once_flag engines_once_;
  std::vector<std::shared_ptr<CurlEngine>> engines_;
  std::atomic<std::size_t> turn_{0};
};

class CurlTransport::Transfer::State {
 public:
  State(std::weak_ptr<CurlEngine> engine, std::shared_ptr<CurlTransfer> transfer)
      : engine_(std::move(engine)), transfer_(std::move(transfer)) {}

  void abort() noexcept {
    if (const auto engine = engine_.lock()) engine->abort(transfer_);
  }

 private:
  std::weak_ptr<CurlEngine> engine_;  // an engine that is gone has ended its transfers
  std::shared_ptr<CurlTransfer> transfer_;
};

namespace {

/// Where a blocked caller waits for its reply. Shared with the completion, which may come after the
/// caller has left.
struct Waiter {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<Reply> reply;  // guarded by mutex
  bool left = false;           // guarded by mutex; the caller no longer waits

  /// The completion of the transfer.
  void finish(Reply outcome, const std::function<void(const Response&)>& on_late_reply) {
    std::unique_lock lock(mutex);
    if (!left) {
      reply = std::move(outcome);
      lock.unlock();  // before the notification: the woken caller would run into the lock
      changed.notify_one();
      return;
    }
    lock.unlock();
    if (const auto* response = std::get_if<Response>(&outcome); response && on_late_reply) {
      on_late_reply(*response);
    }
  }
};

/// The error of a caller that left before the reply came.
[[noreturn]] void throw_left(const Error& reason, const Request& request, bool may_have_left) {
  const bool writes = request.request_class == RequestClass::Execute ||
                      request.request_class == RequestClass::Commit;
  ErrorFields fields = reason.fields();
  fields.outcome_unknown = writes && may_have_left;
  throw_error(std::move(fields));
}

}  // namespace

CurlTransport::CurlTransport(CurlOptions options, base::Clock& clock)
    : impl_(std::make_shared<Impl>(options, clock)) {}

CurlTransport::~CurlTransport() = default;

Reply CurlTransport::send(const Request& request, const base::CallContext& call) {
  const auto impl = impl_;  // this object may go while the call runs
  base::check(call, impl->clock());
  if (request.source != nullptr || request.sink != nullptr)
    return send_streamed(*impl, request, call);
  const auto waiter = std::make_shared<Waiter>();
  const Started started =
      impl->start(request, std::nullopt, [waiter, late = request.on_late_reply](Reply reply) {
        waiter->finish(std::move(reply), late);
      });
  std::unique_lock lock(waiter->mutex);
  try {
    impl->clock().wait(lock, waiter->changed, call, [&] { return waiter->reply.has_value(); });
  } catch (const Error& reason) {
    waiter->left = true;
    lock.unlock();
    const bool may_have_left = started.transfer->request_may_have_left();
    if (!may_have_left || !request.on_late_reply) started.engine->abort(started.transfer);
    throw_left(reason, request, may_have_left);
  }
  return *std::move(waiter->reply);
}

Reply CurlTransport::send_streamed(Impl& impl, const Request& request,
                                   const base::CallContext& call) {
  const auto bodies = std::make_shared<StreamedBodies>(request.source, request.sink);
  const Started started = impl.start(
      request, std::nullopt, [bodies](Reply reply) { bodies->finish(std::move(reply)); }, bodies);
  try {
    return bodies->run(call, impl.clock(), [&] { started.engine->resume(started.transfer); });
  } catch (...) {
    started.engine->abort(started.transfer);
    throw;
  }
}

void CurlTransport::send_in_background(const Request& request, std::chrono::milliseconds limit,
                                       Completion on_completion) {
  // The engine lives by the real time, whatever clock the callers use.
  if (!on_completion) on_completion = [](const Reply&) {};
  impl_->start(request, std::chrono::steady_clock::now() + limit, std::move(on_completion));
}

CurlTransport::Transfer CurlTransport::start(const Request& request,
                                             std::optional<base::Clock::TimePoint> deadline,
                                             Completion completion) {
  Transfer transfer;
  Started started = impl_->start(request, deadline, std::move(completion));
  transfer.state_ = std::make_shared<Transfer::State>(started.engine, std::move(started.transfer));
  return transfer;
}

void CurlTransport::Transfer::abort() noexcept {
  if (state_) state_->abort();
}

}  // namespace dbsql::http
