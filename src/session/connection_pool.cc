#include <dbsql/connection_pool.h>

#include "session/connection_pool_impl.h"

#include <utility>

namespace dbsql {

class PooledConnection::Impl {
 public:
  Impl(std::shared_ptr<ConnectionPool::Impl> pool, ConnectionPool::Impl::Member member)
      : connection(member.connection), pool_(std::move(pool)), member_(std::move(member)) {}
  ~Impl() { pool_->give_back(std::move(member_), is_wanted); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Connection connection;
  bool is_wanted = true;

 private:
  const std::shared_ptr<ConnectionPool::Impl> pool_;
  ConnectionPool::Impl::Member member_;
};

PooledConnection::PooledConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PooledConnection::PooledConnection(PooledConnection&&) noexcept = default;
PooledConnection& PooledConnection::operator=(PooledConnection&&) noexcept = default;
PooledConnection::~PooledConnection() = default;
Connection& PooledConnection::operator*() const noexcept { return impl_->connection; }
Connection* PooledConnection::operator->() const noexcept { return &impl_->connection; }
void PooledConnection::release() noexcept { impl_.reset(); }

void PooledConnection::discard() noexcept {
  if (impl_) impl_->is_wanted = false;
  impl_.reset();
}

ConnectionPool::ConnectionPool(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ConnectionPool::ConnectionPool(Connector connector, const PoolOptions& options)
    : impl_(std::make_shared<Impl>(
          [connector = std::move(connector)](const ConnectOptions& connect) {
            return connector.connect(connect).impl_;
          },
          options, base::Clock::system(), base::Timer::process())) {}

ConnectionPool::ConnectionPool(ConnectionPool&&) noexcept = default;

ConnectionPool& ConnectionPool::operator=(ConnectionPool&& other) noexcept {
  if (this == &other) return *this;
  close();
  impl_ = std::move(other.impl_);
  return *this;
}

ConnectionPool::~ConnectionPool() { close(); }

PooledConnection ConnectionPool::acquire(const WaitOptions& options) {
  return PooledConnection(std::make_unique<PooledConnection::Impl>(impl_, impl_->acquire(options)));
}

PoolStats ConnectionPool::stats() const { return impl_->stats(); }

void ConnectionPool::close() noexcept {
  if (impl_) impl_->close();
}

}  // namespace dbsql
