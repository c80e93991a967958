#pragma once

#include "observe/observer.h"

#include <memory>
#include <utility>

namespace dbsql::observe {

/// Both of them, where there are two. \return null where there is none, or the only one
inline std::shared_ptr<Observer> both(std::shared_ptr<Observer> first,
                                      std::shared_ptr<Observer> second) {
  class Both final : public Observer {
   public:
    Both(std::shared_ptr<Observer> one, std::shared_ptr<Observer> other)
        : first_(std::move(one)), second_(std::move(other)) {}
    void on(const Event& event) noexcept override {
      first_->on(event);
      second_->on(event);
    }

   private:
    const std::shared_ptr<Observer> first_;
    const std::shared_ptr<Observer> second_;
  };
  if (!first) return second;
  if (!second) return first;
  return std::make_shared<Both>(std::move(first), std::move(second));
}

}  // namespace dbsql::observe
