#include <dbsql/log.h>
#include <dbsql/time_zone.h>
#include <dbsql/value.h>

#include "result/civil.h"
#include "unit/result/random_for_test.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dbsql {
namespace {

constexpr std::int64_t kMicros = 1'000'000;

/// What the C library says, as an oracle: it reads the same files with other code.
class SystemZone {
 public:
  explicit SystemZone(const char* name) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    setenv("TZ", name, 1);
    tzset();
  }
  ~SystemZone() {
    if (before_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", before_.c_str(), 1);
    }
    tzset();
  }
  SystemZone(const SystemZone&) = delete;
  SystemZone& operator=(const SystemZone&) = delete;

  static long offset_at(std::time_t seconds) {
    std::tm local{};
    localtime_r(&seconds, &local);
    return local.tm_gmtoff;
  }

 private:
  std::string before_;
};

/// Collects warnings while it lives.
class LogCapture {
 public:
  LogCapture() {
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      if (record.level == LogLevel::Warn) lines_.emplace_back(record.message);
    });
  }
  ~LogCapture() { set_log_sink({}); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
};

class TimeZoneDatabase : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/share/zoneinfo/America/Los_Angeles"))
      GTEST_SKIP() << "this machine has no time zone data (package tzdata)";
  }
};

const std::vector<const char*> kZones = {
    "America/Los_Angeles", "America/New_York",    "America/Sao_Paulo", "America/St_Johns",
    "America/Caracas",     "America/Nuuk",        "Europe/London",     "Europe/Dublin",
    "Europe/Berlin",       "Europe/Moscow",       "Europe/Istanbul",   "Africa/Casablanca",
    "Africa/Cairo",        "Africa/Monrovia",     "Asia/Kolkata",      "Asia/Kathmandu",
    "Asia/Tehran",         "Asia/Gaza",           "Asia/Tokyo",        "Asia/Pyongyang",
    "Australia/Sydney",    "Australia/Lord_Howe", "Pacific/Apia",      "Pacific/Chatham",
    "Antarctica/Troll",    "Atlantic/Azores",     "Etc/GMT+5",         "CET"};

TEST_F(TimeZoneDatabase, AgreesWithTheCLibraryAtRandomInstants) {
  auto random = test::random_for_this_test();
  for (const char* name : kZones) {
    const SystemZone oracle(name);
    const TimeZone& zone = TimeZone::find(name);
    ASSERT_EQ(zone.name(), name);
    for (int i = 0; i < 2'000; ++i) {
      // 1837 to 2500: local mean time, every political change, and the rules beyond the file's end.
      const std::int64_t seconds =
          static_cast<std::int64_t>(random() % 20'900'000'000) - 4'200'000'000;
      ASSERT_EQ(zone.utc_offset_seconds(seconds * kMicros), SystemZone::offset_at(seconds))
          << name << " at " << seconds;
    }
  }
}

TEST_F(TimeZoneDatabase, AgreesWithTheCLibraryAroundEveryChange) {
  for (const char* name : kZones) {
    const SystemZone oracle(name);
    const TimeZone& zone = TimeZone::find(name);
    constexpr std::int64_t kStep = 6 * 3600;
    for (std::int64_t seconds = 0; seconds < 4'200'000'000; seconds += kStep) {
      if (zone.utc_offset_seconds(seconds * kMicros) ==
          zone.utc_offset_seconds((seconds + kStep) * kMicros))
        continue;
      std::int64_t before = seconds;
      std::int64_t after = seconds + kStep;
      while (after - before > 1) {
        const std::int64_t middle = (before + after) / 2;
        const bool changed = SystemZone::offset_at(middle) != SystemZone::offset_at(seconds);
        (changed ? after : before) = middle;
      }
      ASSERT_EQ(zone.utc_offset_seconds(after * kMicros - 1), SystemZone::offset_at(before))
          << name << " before " << after;
      ASSERT_EQ(zone.utc_offset_seconds(after * kMicros), SystemZone::offset_at(after))
          << name << " at " << after;
    }
  }
}

TEST_F(TimeZoneDatabase, RulesHoldThousandsOfYearsAhead) {
  const TimeZone& zone = TimeZone::find("America/Los_Angeles");
  const auto noon = [](std::int64_t year, std::uint32_t month) {
    const std::int64_t days = result::days_of_civil({.year = year, .month = month, .day = 15});
    return (days * result::kSecondsPerDay + 43'200) * kMicros;
  };
  for (const std::int64_t year : {2'038, 2'437, 2'438, 2'839, 9'999, 290'000}) {
    EXPECT_EQ(zone.utc_offset_seconds(noon(year, 1)), -8 * 3600) << year;
    EXPECT_EQ(zone.utc_offset_seconds(noon(year, 7)), -7 * 3600) << year;
  }
}

TEST_F(TimeZoneDatabase, TimestampTextIsTheWallClockOfTheZone) {
  const Timestamp timestamp{1'625'118'208'000'000, &TimeZone::find("America/Los_Angeles")};
  EXPECT_EQ(timestamp.to_string(), "2021-06-30 22:43:28");

  // The hour that daylight saving leaves out, and the one it repeats.
  const auto text = [](std::int64_t seconds) {
    return Timestamp{seconds * kMicros, &TimeZone::find("America/Los_Angeles")}.to_string();
  };
  EXPECT_EQ(text(1'615'715'999), "2021-03-14 01:59:59");
  EXPECT_EQ(text(1'615'716'000), "2021-03-14 03:00:00");
  EXPECT_EQ(text(1'636'275'599), "2021-11-07 01:59:59");
  EXPECT_EQ(text(1'636'275'600), "2021-11-07 01:00:00");
}

TEST_F(TimeZoneDatabase, ExtremeInstantsAreShownWithoutOverflow) {
  const TimeZone& zone = TimeZone::find("Pacific/Apia");
  EXPECT_EQ((Timestamp{INT64_MAX, &zone}.to_string()), "+294247-01-10 17:00:54.775807");
  EXPECT_EQ((Timestamp{INT64_MIN, &zone}.to_string()), "-290308-12-22 08:32:09.224192");
}

TEST_F(TimeZoneDatabase, IsReadByManyThreadsAtOnce) {
  const TimeZone& expected = TimeZone::find("Asia/Tehran");
  std::vector<std::jthread> threads;
  std::vector<std::int64_t> sums(4);
  for (std::size_t t = 0; t < sums.size(); ++t)
    threads.emplace_back([&, t] {
      const TimeZone& zone = TimeZone::find("Asia/Tehran");
      EXPECT_EQ(&zone, &expected);
      EXPECT_EQ(TimeZone::find("Indian/Mauritius").utc_offset_seconds(0), 4 * 3600);
      for (std::int64_t i = 0; i < 20'000; ++i)
        sums[t] += zone.utc_offset_seconds((i * 77'777 - 500'000'000) * kMicros);
    });
  threads.clear();

  EXPECT_EQ(sums, std::vector<std::int64_t>(4, sums[0]));
}

// reference/results.md 7.5 row 108
TEST(TimeZone, OffsetsArePartOfTheName) {
  const std::vector<std::pair<const char*, std::int32_t>> cases = {
      {"+4:30", 16'200},   {"+5:45", 20'700},      {"+12:00", 43'200}, {"-9:30", -34'200},
      {"-11:45", -42'300}, {"+4:15", 15'300},      {"+0530", 19'800},  {"-8", -28'800},
      {"UTC+3", 10'800},   {"GMT-03:30", -12'600}, {"+18:00", 64'800}, {"+01:02:03", 3'723}};
  for (const auto& [name, seconds] : cases) {
    EXPECT_EQ(TimeZone::find(name).utc_offset_seconds(0), seconds) << name;
    EXPECT_EQ(TimeZone::find(name).name(), name);
  }
}

TEST(TimeZone, UtcNeedsNoDatabase) {
  for (const char* name : {"UTC", "Etc/UTC", "GMT", "Z"}) {
    EXPECT_EQ(TimeZone::find(name).utc_offset_seconds(INT64_MAX), 0) << name;
    EXPECT_EQ(TimeZone::find(name).name(), name);
  }
  EXPECT_EQ(&TimeZone::find(""), &TimeZone::utc());
}

// reference/results.md 7.5 row 109
TEST(TimeZone, UnknownNamesAreUtcWithOneWarningEach) {
  const LogCapture log;
  const std::vector<const char*> names = {
      "+25:00",         "+12:60",  "5:30",      "Invalid/TimeZone", "../../../etc/passwd",
      "/etc/localtime", "America", "tzdata.zi", "+18:01:99",        "a\nb"};
  for (int i = 0; i < 3; ++i) {
    for (const char* name : names) EXPECT_EQ(&TimeZone::find(name), &TimeZone::utc()) << name;
  }

  EXPECT_EQ(log.lines().size(), names.size());
}

}  // namespace
}  // namespace dbsql
