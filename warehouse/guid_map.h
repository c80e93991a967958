#pragma once

#include "warehouse/guid.h"

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace dbsql::warehouse {

/// Shared objects by their guid. Threads: safe from any thread.
template <class T>
class GuidMap {
 public:
  void add(const Guid& id, std::shared_ptr<T> object) {
    std::lock_guard lock(mutex_);
    objects_.insert_or_assign(id, std::move(object));
  }

  /// Null when there is none.
  std::shared_ptr<T> find(const Guid& id) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(id);
    return found == objects_.end() ? nullptr : found->second;
  }

  /// Removes it; null when there is none.
  std::shared_ptr<T> take(const Guid& id) {
    std::lock_guard lock(mutex_);
    auto node = objects_.extract(id);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  /// Removes all for which `wanted` holds.
  template <class Predicate>
  std::vector<std::shared_ptr<T>> take_if(Predicate wanted) {
    std::vector<std::shared_ptr<T>> taken;
    std::lock_guard lock(mutex_);
    for (auto it = objects_.begin(); it != objects_.end();) {
      if (!wanted(*it->second)) {
        ++it;
        continue;
      }
      taken.push_back(std::move(it->second));
      it = objects_.erase(it);
    }
    return taken;
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return objects_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Guid, std::shared_ptr<T>, GuidHash> objects_;  // guarded by mutex_
};

}  // namespace dbsql::warehouse
