#pragma once

#include "base/clock.h"
#include "protocol/thrift/rpc.h"

#include <memory>
#include <optional>

namespace dbsql::tcli {
class TFetchResultsReq;
}

namespace dbsql::protocol::thrift {

/// The page after the one that is being read, asked for while the reader is still busy: the network
/// and the server work meanwhile.
///
/// Threads: for the reader; the reply comes on an I/O thread.
class PageAhead {
 public:
  /// Sends the request once, without retries, and returns at once.
  void ask(Rpc& rpc, const Method& method, const tcli::TFetchResultsReq& request,
           const base::Trace& trace);

  bool is_asked() const noexcept { return answer_ != nullptr; }

  /// Waits for the reply; empty when none came, for whatever reason: then nobody knows whether the
  /// server has moved on.
  /// \throws TimeoutError, CancelledError as `call` demands: the page may be taken later
  std::optional<RpcReply> take(base::Clock& clock, const base::CallContext& call);

 private:
  struct Answer;
  std::shared_ptr<Answer> answer_;  // null = not asked
};

}  // namespace dbsql::protocol::thrift
