#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace dbsql::test {

/// Random numbers that are the same in every run: seeded by the name of the running test.
inline std::mt19937_64 random_for_this_test() {
  const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
  std::uint64_t seed = 14'695'981'039'346'656'037ULL;
  for (const char character : std::string(info->test_suite_name()) + '.' + info->name())
    seed = (seed ^ static_cast<unsigned char>(character)) * 1'099'511'628'211ULL;
  return std::mt19937_64(seed);
}

}  // namespace dbsql::test
