#pragma once

#include <malloc.h>

#include <cstddef>
#include <filesystem>

namespace dbsql::test {

/// What this process has of something right now; for what must not grow.
inline std::size_t entries_of(const char* folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    (void)entry;
    ++count;
  }
  return count;
}
inline std::size_t thread_count() { return entries_of("/proc/self/task"); }
inline std::size_t descriptor_count() { return entries_of("/proc/self/fd"); }

/// Bytes that the program has allocated and not freed; 0 where the allocator is not the C library's
/// (sanitizers).
inline std::size_t bytes_in_use() { return mallinfo2().uordblks; }

}  // namespace dbsql::test
