#include "result/zone_file.h"

#include "result/posix_zone.h"
#include "unit/result/random_for_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::result {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

struct File {
  std::vector<std::int64_t> times;
  std::vector<std::uint8_t> indices;
  std::vector<std::int32_t> offsets;
  std::string footer;
  std::uint32_t leaps = 0;

  std::string header(char version, bool empty) const {
    std::string out = "TZif";
    out += version;
    out.append(15, '\0');
    const auto count = [&](std::size_t value) { append_big_endian(out, empty ? 0 : value, 4); };
    count(0);
    count(0);
    count(leaps);
    count(times.size());
    append_big_endian(out, empty ? 1 : offsets.size(), 4);
    append_big_endian(out, 4, 4);
    return out;
  }
  std::string block(int time_size) const {
    std::string out;
    for (const std::int64_t time : times)
      append_big_endian(out, static_cast<std::uint64_t>(time), time_size);
    for (const std::uint8_t index : indices) out += static_cast<char>(index);
    for (const std::int32_t offset : offsets) {
      append_big_endian(out, static_cast<std::uint32_t>(offset), 4);
      out += std::string(2, '\0');
    }
    out += std::string("ABC\0", 4);
    out.append(leaps * static_cast<std::size_t>(time_size + 4), '\0');
    return out;
  }
  std::string bytes() const {
    // The slim form of today's compilers: an empty first block.
    return header('2', true) + std::string(6, '\0') + std::string("ABC\0", 4) + header('2', false) +
           block(8) + '\n' + footer + '\n';
  }
};

std::optional<ZoneTable> read(const std::string& bytes) {
  return read_zone_file(std::as_bytes(std::span(bytes)));
}

std::int32_t offset_at(const ZoneTable& table, std::int64_t seconds) {
  const auto after = std::ranges::upper_bound(table.starts, seconds);
  return table.offsets[static_cast<std::size_t>(after - table.starts.begin()) - 1];
}

TEST(ZoneFile, ReadsChangesAndRules) {
  const File file{.times = {1'000, 2'000'000'000},
                  .indices = {1, 0},
                  .offsets = {-28'800, -25'200},
                  .footer = "PST8PDT,M3.2.0,M11.1.0"};

  const auto table = read(file.bytes());

  ASSERT_TRUE(table);
  EXPECT_EQ(offset_at(*table, 999), -28'800);
  EXPECT_EQ(offset_at(*table, 1'000), -25'200);
  EXPECT_EQ(offset_at(*table, 2'500'000'000), -25'200) << "2049-03-22 is in daylight saving";
  EXPECT_LT(table->cycle_end, std::numeric_limits<std::int64_t>::max());
}

TEST(ZoneFile, ReadsTheOldVersion) {
  const File file{.times = {-100}, .indices = {1}, .offsets = {10, 20}, .footer = {}};
  std::string bytes = file.header('\0', false) + file.block(4);

  const auto table = read(bytes);

  ASSERT_TRUE(table);
  EXPECT_EQ(offset_at(*table, -101), 10);
  EXPECT_EQ(offset_at(*table, -100), 20);
}

TEST(ZoneFile, RefusesWhatIsNotWellFormed) {
  const File good{.times = {1, 2}, .indices = {1, 0}, .offsets = {0, 60}, .footer = "UTC0"};
  ASSERT_TRUE(read(good.bytes()));

  File bad = good;
  bad.indices = {1, 2};
  EXPECT_FALSE(read(bad.bytes())) << "an index beyond the types";
  bad = good;
  bad.times = {2, 1};
  EXPECT_FALSE(read(bad.bytes())) << "times that go back";
  bad = good;
  bad.offsets = {0, 200'000};
  EXPECT_FALSE(read(bad.bytes())) << "an offset of more than a day";
  bad = good;
  bad.leaps = 1;
  EXPECT_FALSE(read(bad.bytes())) << "leap seconds";
  bad = good;
  bad.footer = "nonsense";
  EXPECT_FALSE(read(bad.bytes())) << "rules that are none";
  EXPECT_FALSE(read("TZjf" + good.bytes().substr(4))) << "another magic";
}

TEST(ZoneFile, CutAnywhereIsRefused) {
  const File file{.times = {1, 2}, .indices = {1, 0}, .offsets = {0, 60}, .footer = "UTC0"};
  const std::string bytes = file.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read(bytes.substr(0, size))) << size;
}

TEST(ZoneFile, DamageNeverCrashes) {
  const File file{.times = {1, 2, 3},
                  .indices = {1, 0, 1},
                  .offsets = {0, 60},
                  .footer = "AAA-1BBB,M3.5.0/-2,J300/26"};
  auto random = test::random_for_this_test();
  int read_anyway = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = file.bytes();
    for (int changes = 0; changes < 3; ++changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (const auto table = read(bytes)) {
      ++read_anyway;
      ASSERT_EQ(table->starts.size(), table->offsets.size());
      ASSERT_FALSE(table->starts.empty());
    }
  }
  EXPECT_GT(read_anyway, 0);
}

std::string changes_of(std::string_view rules, std::int64_t year) {
  const auto zone = PosixZone::parse(rules);
  if (!zone) return "refused";
  if (!zone->daylight) return "fixed " + std::to_string(zone->standard_offset);
  std::string text;
  for (const auto& change : zone->changes_in(year))
    text += std::to_string(change.utc_seconds) + "=" + std::to_string(change.offset_seconds) + " ";
  return text;
}

TEST(PosixZone, KnowsTheDayOfEachRule) {
  EXPECT_EQ(changes_of("PST8PDT,M3.2.0,M11.1.0", 2021), "1615716000=-25200 1636275600=-28800 ");
  EXPECT_EQ(changes_of("CET-1CEST,M3.5.0,M10.5.0/3", 2024), "1711846800=7200 1729990800=3600 ");
  EXPECT_EQ(changes_of("AAA0BBB,J60,J61", 2024), "1709258400=3600 1709341200=0 ")
      << "J never counts the leap day: 60 is March 1st";
  EXPECT_EQ(changes_of("AAA0BBB,59,60", 2024), "1709172000=3600 1709254800=0 ")
      << "without J it does: 59 is February 29th";
  EXPECT_EQ(changes_of("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2025),
            "1743296400=-3600 1761440400=-7200 ");
  EXPECT_EQ(changes_of("<+0530>-5:30", 2024), "fixed 19800");
  EXPECT_EQ(changes_of("IST-1GMT0,M10.5.0,M3.5.0/1", 2024), "1729990800=0 1711846800=3600 ");
}

TEST(PosixZone, RefusesWhatDoesNotFit) {
  for (const std::string_view rules :
       {"", "PS8", "PST", "PST8PDT", "PST8PDT,M3.2.0", "PST8PDT,M13.2.0,M11.1.0",
        "PST8PDT,M3.6.0,M11.1.0", "PST8PDT,M3.2.7,M11.1.0", "PST8PDT,J0,J365", "PST8PDT,J1,366",
        "PST25PDT,J1,J2", "PST8PDT,J1/168,J2", "PST8PDT,M3.2.0,M11.1.0x", "<+03-3"})
    EXPECT_EQ(changes_of(rules, 2024), "refused") << rules;
}

}  // namespace
}  // namespace dbsql::result
