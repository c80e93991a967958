#include "base/fork.h"

#include <pthread.h>

namespace dbsql::base {
namespace {

std::atomic<int> generation = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void count_fork() noexcept { generation.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

int fork_generation() noexcept {
  static const int watches = pthread_atfork(nullptr, nullptr, count_fork);
  static_cast<void>(watches);
  return generation.load(std::memory_order_relaxed);
}

}  // namespace dbsql::base
