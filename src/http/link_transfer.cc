#include "http/link_transfer.h"

#include <dbsql/error.h>

#include "http/http_error.h"
#include "http/redirect.h"

#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace dbsql::http {
namespace {

/// One download on its way through the hosts it is sent to.
class LinkTransfer : public std::enable_shared_from_this<LinkTransfer> {
 public:
  LinkTransfer(std::shared_ptr<CurlTransport> transport, Request request,
               Transport::Completion completion)
      : transport_(std::move(transport)),
        request_(std::move(request)),
        completion_(std::move(completion)) {}

  void start() {
    std::lock_guard lock(mutex_);
    start_locked();
  }

  void abort() noexcept {
    std::lock_guard lock(mutex_);
    aborted_ = true;
    running_.abort();
  }

 private:
  void start_locked() {
    running_ = transport_->start(request_, std::nullopt, [self = shared_from_this()](Reply reply) {
      self->finish(std::move(reply));
    });
  }

  void finish(Reply reply) {
    if (const auto* response = std::get_if<Response>(&reply); response && hops_ < kMostRedirects) {
      if (auto target = redirect_target(request_, *response, RedirectRule::AnyHost))
        return follow(*std::move(target));
    }
    completion_(std::move(reply));
  }

  /// On an I/O thread: no other thread touches the request once it has started.
  void follow(std::string target) {
    if (server_of(target) != server_of(request_.url)) request_.headers.clear();
    request_.url = std::move(target);
    ++hops_;
    try {
      std::lock_guard lock(mutex_);
      if (!aborted_) start_locked();
    } catch (const Error& error) {
      completion_(Failure{.kind = error.kind(), .message = error.message(), .permanent = true});
    } catch (const std::bad_alloc&) {
      completion_(Failure{.kind = ErrorKind::ResourceExhausted,
                          .message = "there is no memory to follow a redirect",
                          .permanent = true});
    }
  }

  const std::shared_ptr<CurlTransport> transport_;
  Request request_;
  const Transport::Completion completion_;
  int hops_ = 0;
  std::mutex mutex_;
  CurlTransport::Transfer running_;  // guarded by mutex_
  bool aborted_ = false;             // guarded by mutex_
};

}  // namespace

std::function<void()> start_link_transfer(std::shared_ptr<CurlTransport> transport,
                                          const Request& request,
                                          Transport::Completion completion) {
  auto transfer =
      std::make_shared<LinkTransfer>(std::move(transport), request, std::move(completion));
  transfer->start();
  return [transfer] { transfer->abort(); };
}

}  // namespace dbsql::http
