#pragma once

#include "unit/arrow/random_batch.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::arrow::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Text that compresses about two to one, so that blocks are neither stored nor trivial.
inline std::string sample_text(std::size_t size) {
  auto random = seeded_random();
  std::string text;
  text.reserve(size + 16);
  while (text.size() < size) text += std::to_string(random() % 1000000) + ",value,";
  text.resize(size);
  return text;
}

}  // namespace dbsql::arrow::test
