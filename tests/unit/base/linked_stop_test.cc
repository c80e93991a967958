#include "base/linked_stop.h"

#include <gtest/gtest.h>

#include <optional>

namespace dbsql::base {
namespace {

TEST(LinkedStop, FollowsEither) {
  for (const bool stop_first : {true, false}) {
    std::stop_source first;
    std::stop_source second;
    const LinkedStop linked(first.get_token(), second.get_token());
    EXPECT_FALSE(linked.token().stop_requested());

    (stop_first ? first : second).request_stop();

    EXPECT_TRUE(linked.token().stop_requested());
    EXPECT_NE(first.stop_requested(), second.stop_requested()) << "nothing flows back";
  }
}

TEST(LinkedStop, KnowsAStopThatCameBefore) {
  std::stop_source first;
  std::stop_source second;
  second.request_stop();

  EXPECT_TRUE(LinkedStop(first.get_token(), second.get_token()).token().stop_requested());
}

TEST(LinkedStop, WorksWithoutAnyOrWithOneSource) {
  std::stop_source only;
  const LinkedStop none({}, {});
  const LinkedStop left(only.get_token(), {});
  const LinkedStop right({}, only.get_token());
  only.request_stop();

  EXPECT_FALSE(none.token().stop_possible());
  EXPECT_TRUE(left.token().stop_requested());
  EXPECT_TRUE(right.token().stop_requested());
}

}  // namespace
}  // namespace dbsql::base
