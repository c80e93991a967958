#include <dbsql/token_provider.h>

#include <string.h>

#include <algorithm>
#include <utility>

namespace dbsql {

Secret::Secret(std::string_view text) : size_(text.size()) {
  if (size_ == 0) return;
  text_ = std::make_unique<char[]>(size_);
  std::copy(text.begin(), text.end(), text_.get());
}

Secret::Secret(Secret&& other) noexcept
    : text_(std::move(other.text_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret other) noexcept {
  std::swap(text_, other.text_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (text_) explicit_bzero(text_.get(), size_);  // a plain memset may be optimised away
}

}  // namespace dbsql
