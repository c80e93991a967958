#include "auth/shared_login.h"

#include <map>
#include <string>
#include <utility>

namespace dbsql::auth {

std::shared_ptr<SharedLogin> SharedLogin::of(const TokenIdentity& identity) {
  static std::mutex mutex;
  static auto* const logins = new std::map<std::string, std::shared_ptr<SharedLogin>>;  // leaked
  std::lock_guard lock(mutex);
  auto& login = (*logins)[identity.key()];
  if (!login) login = std::make_shared<SharedLogin>();
  return login;
}

SharedLogin::Turn SharedLogin::take_turn(const base::CallContext& call, base::Clock& clock) {
  std::unique_lock lock(mutex_);
  clock.wait(lock, changed_, call, [this] { return !is_taken_; });
  is_taken_ = true;
  return Turn(shared_from_this());
}

SharedLogin::Turn::~Turn() {
  if (!login_) return;
  {
    std::lock_guard lock(login_->mutex_);
    login_->is_taken_ = false;
  }
  login_->changed_.notify_all();
}

Token SharedLogin::token() const {
  std::lock_guard lock(mutex_);
  return token_;
}

void SharedLogin::keep(Token token) {
  std::lock_guard lock(mutex_);
  token_ = std::move(token);
}

void SharedLogin::refuse(const Token& token) noexcept {
  std::lock_guard lock(mutex_);
  refused_ = token.access_token;
}

bool SharedLogin::is_refused(const Token& token) const {
  std::lock_guard lock(mutex_);
  return !refused_.empty() && refused_ == token.access_token;
}

}  // namespace dbsql::auth
