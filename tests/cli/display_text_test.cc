#include "cli/display_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dbsql::cli {
namespace {

struct Shown {
  std::string text;
  std::size_t width = 0;
};

Shown show(std::string_view text) {
  Shown shown;
  shown.width = append_display_text(text, shown.text);
  return shown;
}

TEST(DisplayText, CountsOneCellPerOrdinaryCharacter) {
  EXPECT_EQ(show("JFK").width, 3U);
  EXPECT_EQ(show("Zürich").width, 6U);
  EXPECT_EQ(show("Ελλάδα").width, 6U);
  EXPECT_EQ(show("").width, 0U);
}

TEST(DisplayText, CountsTwoCellsForWideCharacters) {
  EXPECT_EQ(show("東京").width, 4U);
  EXPECT_EQ(show("한국어").width, 6U);
  EXPECT_EQ(show("ＡＢ").width, 4U);
  EXPECT_EQ(show("🛫").width, 2U);
  EXPECT_EQ(show("ｱ").width, 1U) << "halfwidth katakana";
}

TEST(DisplayText, CountsNoCellForCombiningMarks) {
  EXPECT_EQ(show("e\u0301").width, 1U);
  EXPECT_EQ(show("a\u200db").width, 2U) << "zero width joiner";
  EXPECT_EQ(show("\u1112\u1161\u11ab").width, 2U) << "a syllable of Hangul letters";
}

TEST(DisplayText, EscapesWhatWouldActOnTheTerminal) {
  EXPECT_EQ(show("a\nb\tc\rd").text, "a\\nb\\tc\\rd");
  EXPECT_EQ(show("\x1b[2J").text, "\\x1b[2J");
  EXPECT_EQ(show("\x1b[2J").width, 7U);
  EXPECT_EQ(show(std::string_view("\0", 1)).text, "\\x00");
  EXPECT_EQ(show("\x7f").text, "\\x7f");
  EXPECT_EQ(show("\u009b").text, "\\x9b");
  EXPECT_EQ(show("\u202eabc").text, "\\u{202e}abc");
}

TEST(DisplayText, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(show("\xff").text, "\\xff");
  EXPECT_EQ(show("\xc0\x80").text, "\\xc0\\x80") << "overlong";
  EXPECT_EQ(show("\xed\xa0\x80").text, "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(show("\xf4\x90\x80\x80").text, "\\xf4\\x90\\x80\\x80") << "beyond U+10FFFF";
  EXPECT_EQ(show("a\xe6\x9d").text, "a\\xe6\\x9d") << "cut short";
}

TEST(DisplayText, IsCutToAWidthWithAnEllipsis) {
  std::string text = "abcdefgh";
  EXPECT_EQ(truncate_display_text(text, 5), 5U);
  EXPECT_EQ(text, "abcd…");
}

TEST(DisplayText, IsNotCutWhenItFits) {
  std::string text = "abcde";
  EXPECT_EQ(truncate_display_text(text, 5), 5U);
  EXPECT_EQ(text, "abcde");
}

TEST(DisplayText, IsNotCutThroughAWideCharacter) {
  std::string text = "東京都";
  EXPECT_EQ(truncate_display_text(text, 4), 3U);
  EXPECT_EQ(text, "東…");
}

}  // namespace
}  // namespace dbsql::cli
