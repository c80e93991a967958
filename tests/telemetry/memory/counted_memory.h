#pragma once

#include <cstddef>
#include <cstdint>

namespace dbsql::test {

/// Calls of `new` of this thread so far.
std::uint64_t allocations_of_this_thread() noexcept;

/// Bytes that `new` of all threads has given and nobody has given back.
std::int64_t live_bytes() noexcept;

}  // namespace dbsql::test
