#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// The data is a pure function of row and column: no state, so that any page can be made alone.
namespace dbsql::bench {

/// SplitMix64: a good 64-bit mix of its input.
inline std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

inline std::uint64_t random_at(std::int64_t row, std::size_t column) {
  return mix(static_cast<std::uint64_t>(row) * 64 + column);
}

/// Two words and a number: between 15 and 27 characters.
void append_phrase(std::string& text, std::uint64_t random);

/// One word.
void append_word(std::string& text, std::uint64_t random);

}  // namespace dbsql::bench
