#include "base/text.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace dbsql::base {
namespace {

TEST(Text, AnIdSurvivesBeingWrittenAndRead) {
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes += static_cast<char>(i * 17);

  const std::string text = to_uuid_text(std::as_bytes(std::span(bytes.data(), bytes.size())));

  EXPECT_EQ(text, "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(parse_uuid(text), bytes);
  EXPECT_EQ(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF"), bytes);
}

TEST(Text, AnythingElseIsNoId) {
  for (const char* text :
       {"", "00112233", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeeff0", "0011223-34455-6677-8899-aabbccddeeff",
        "0011223g-4455-6677-8899-aabbccddeeff", "-0112233-4455-6677-8899-aabbccddeeff",
        "+0112233-4455-6677-8899-aabbccddeeff", " 0112233-4455-6677-8899-aabbccddeeff"})
    EXPECT_EQ(parse_uuid(text), std::nullopt) << text;
}

}  // namespace
}  // namespace dbsql::base
