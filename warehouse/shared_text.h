#pragma once

#include "base/buffer.h"

#include <memory>
#include <span>
#include <string>

namespace dbsql::warehouse {

/// A text as a buffer, without copying it.
inline base::Buffer to_buffer(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const auto bytes = std::as_bytes(std::span(owner->data(), owner->size()));
  return {std::move(owner), bytes};
}

}  // namespace dbsql::warehouse
