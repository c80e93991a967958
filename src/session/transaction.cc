#include <dbsql/connection.h>
#include <dbsql/error.h>
#include <dbsql/transaction.h>

#include "base/log.h"
#include "session/connection_impl.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace dbsql {

namespace {

/// For an object that goes without a word.
constexpr std::chrono::milliseconds kDropLimit{5000};
constexpr std::chrono::milliseconds kFirstPause{50};

}  // namespace

class Transaction::Impl {
 public:
  Impl(std::shared_ptr<Connection::Impl> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    if (!is_open()) return;
    try {
      rollback({.timeout = kDropLimit, .stop = {}});
    } catch (const std::exception& error) {
      base::CallContext call;
      call.connection_id = connection_->id();
      base::log(LogLevel::Warn, "transaction", call,
                std::string("rollback of a dropped transaction: ") + error.what());
    }
  }

  void commit(const WaitOptions& options) {
    connection_->named(
        {}, [&] { connection_->transactions().commit(number_, connection_->limits_of(options)); });
  }
  void rollback(const WaitOptions& options) {
    connection_->named({}, [&] {
      connection_->transactions().rollback(number_, connection_->limits_of(options));
    });
  }
  bool is_open() const noexcept {
    return connection_->is_open() && connection_->transactions().is_open(number_);
  }

 private:
  const std::shared_ptr<Connection::Impl> connection_;
  const std::uint64_t number_;
};

Transaction::Transaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;
void Transaction::commit(const WaitOptions& options) { impl_->commit(options); }
void Transaction::rollback(const WaitOptions& options) { impl_->rollback(options); }
bool Transaction::is_open() const noexcept { return impl_ != nullptr && impl_->is_open(); }

Transaction Connection::begin(const TransactionOptions& options) {
  const std::uint64_t number = impl_->named({}, [&] { return impl_->begin(options); });
  return Transaction(std::make_unique<Transaction::Impl>(impl_, number));
}

void Connection::set_autocommit(bool on, const WaitOptions& options) {
  impl_->named({}, [&] { impl_->set_autocommit(on, options); });
}
bool Connection::autocommit(const WaitOptions& options) {
  return impl_->named({}, [&] { return impl_->autocommit(options); });
}
void Connection::commit(const WaitOptions& options) {
  impl_->named({}, [&] { impl_->end_transaction(true, options); });
}
void Connection::rollback(const WaitOptions& options) {
  impl_->named({}, [&] { impl_->end_transaction(false, options); });
}

void Connection::run_in_transaction(const std::function<void()>& work, int attempts) {
  for (int attempt = 1;; ++attempt) {
    try {
      Transaction transaction = begin();
      work();
      transaction.commit();
      return;
    } catch (const Error& error) {
      // The object has rolled back. A lost COMMIT is another kind, and never repeated.
      if (error.kind() != ErrorKind::TransactionConflict || attempt >= attempts) throw;
    }
    impl_->pause(kFirstPause * attempt);
  }
}

std::uint64_t Connection::Impl::begin(const TransactionOptions& options) {
  require_open();
  return transactions_.begin(options, limits_of(options.limits));
}

void Connection::Impl::set_autocommit(bool on, const WaitOptions& options) {
  require_open();
  transactions_.set_autocommit(on, limits_of(options));
}

bool Connection::Impl::autocommit(const WaitOptions& options) {
  require_open();
  return transactions_.autocommit(limits_of(options));
}

void Connection::Impl::end_transaction(bool commits, const WaitOptions& options) {
  require_open();
  const base::CallContext limits = limits_of(options);
  if (commits) {
    transactions_.commit(std::nullopt, limits);
  } else {
    transactions_.rollback(std::nullopt, limits);
  }
}

}  // namespace dbsql
