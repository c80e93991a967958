#include "base/log.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace dbsql {
namespace {

using test::CapturedLog;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kToken = std::string("da") + "pi0123456789abcdef0123456789abcdef";

LogRecord record() {
  LogRecord record;
  record.level = LogLevel::Warn;
  record.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'042));
  record.component = "http";
  record.connection_id = "c1";
  record.correlation_id = "nightly \"7\"";
  record.statement_id = "s1";
  record.message = "a\tb";
  return record;
}

TEST(LogRecord, IsOneReadableLine) {
  EXPECT_EQ(to_text(record()),
            "2023-11-14T22:13:20.042Z warn dbsql http: conn=c1 corr=nightly \"7\" stmt=s1 a\tb");
}

TEST(LogRecord, IsOneJsonObjectWithTheMembersOfTheGoDriver) {
  EXPECT_EQ(to_json(record()),
            R"({"time":"2023-11-14T22:13:20.042Z","level":"warn","component":"http","connId":"c1",)"
            R"("corrId":"nightly \"7\"","queryId":"s1","message":"a\tb"})");
}

TEST(LogLevelName, IsKnownInAnyCaseAndUnderTheNamesOfGo) {
  for (const LogLevel level : {LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn,
                               LogLevel::Error, LogLevel::Off})
    EXPECT_EQ(log_level_from_string(to_string(level)), level);
  EXPECT_EQ(log_level_from_string(" WARNING"), LogLevel::Warn);
  EXPECT_EQ(log_level_from_string("fatal"), LogLevel::Off);
  EXPECT_EQ(log_level_from_string("disabled"), LogLevel::Off);
  EXPECT_EQ(log_level_from_string("loud"), std::nullopt);
  EXPECT_EQ(log_level_from_string(""), std::nullopt);
}

TEST(Log, WritesWhatItsLevelLetsPass) {
  const CapturedLog log;
  set_log_level(LogLevel::Info);
  EXPECT_EQ(log_level(), LogLevel::Info);

  base::log(LogLevel::Debug, "test", "no");
  base::log(LogLevel::Info, "test", "yes");
  set_log_level(LogLevel::Off);
  base::log(LogLevel::Error, "test", "never");

  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0].second, HasSubstr("info dbsql test: yes"));
}

TEST(Log, NamesTheIdsOfTheCall) {
  const CapturedLog log;
  base::CallContext call;
  call.connection_id = "c1";
  call.correlation_id = "nightly";
  call.statement_id = "s1";

  base::log(LogLevel::Warn, "test", call, "slow");

  EXPECT_THAT(log.lines()[0].second, HasSubstr("test: conn=c1 corr=nightly stmt=s1 slow"));
}

// No component can go past the redactor, nor past the rule of one line.
TEST(Log, IsRedactedAndOneLineWhateverIsWritten) {
  const CapturedLog log;
  base::CallContext call;
  call.correlation_id = "for " + kToken;

  base::log(LogLevel::Warn, "test", call,
            "GET https://u:pw@h/f?sig=abc\nAuthorization: Bearer " + kToken +
                "\nin /home/jane/x, token=hunter2");

  const std::string line = log.lines()[0].second;
  EXPECT_THAT(line, HasSubstr("corr=for *** GET https://***@h/f?sig=*** Authorization: ***"));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  for (const std::string& secret : {kToken, std::string("jane"), std::string("hunter2")})
    EXPECT_THAT(line, Not(HasSubstr(secret)));
}

TEST(Log, ShowsABoundedPartOfAStatement) {
  const std::string sql = "SELECT '" + std::string(5000, 'x') + "'";

  EXPECT_EQ(base::sql_for_log(sql).size(), 1024U);
  EXPECT_EQ(base::sql_for_log("SELECT\n  1"), "SELECT 1");
  for (const std::string secret :
       {"CREATE CONNECTION c OPTIONS (password='hunter2')",
        "CREATE CONNECTION c TYPE postgresql OPTIONS (host 'h', user 'u', password 'hunter2')",
        "COPY INTO t FROM 'abfss://c@a' WITH (CREDENTIAL (AZURE_SAS_TOKEN = 'sv=1&sig=hunter2'))",
        "SET x.token='hunter2'", "SET fs.s3a.secret.key=hunter2"})
    EXPECT_THAT(base::sql_for_log(secret), Not(HasSubstr("hunter2")));
  const std::string cut =
      "OPTIONS (x '" + std::string(8150, 'x') + "', password 'hunter2 and more')";
  EXPECT_THAT(base::sql_for_log(cut), Not(HasSubstr("hunter2")));
}

TEST(Log, DropsWhatASinkMakesItSay) {
  int lines = 0;
  set_log_sink([&](const LogRecord&) {
    ++lines;
    base::log(LogLevel::Warn, "sink", "this would never end");
  });

  base::log(LogLevel::Warn, "test", "one");
  base::log(LogLevel::Warn, "test", "two");
  set_log_sink({});

  EXPECT_EQ(lines, 2);
}

TEST(Log, LetsASinkAskAndChangeWhatItLikes) {
  const LogLevel before = log_level();
  const test::TemporaryFolder folder;
  std::vector<std::string> seen;
  set_log_sink([&](const LogRecord& record) {
    seen.emplace_back(to_string(log_level()));
    set_log_level(LogLevel::Info);
    seen.emplace_back(record.message);
    set_log_sink([&](const LogRecord& later) { seen.emplace_back(later.message); });
    seen.emplace_back("still here");  // though its place is taken
  });
  set_log_level(LogLevel::Warn);

  base::log(LogLevel::Warn, "test", "one");
  base::log(LogLevel::Info, "test", "two");
  set_log_sink([&](const LogRecord&) { set_log_file({.path = folder / "log"}); });
  base::log(LogLevel::Warn, "test", "three");
  base::log(LogLevel::Warn, "test", "four");
  set_log_sink({});
  set_log_level(before);

  EXPECT_THAT(seen, ElementsAre("warn", "one", "still here", "two"));
  std::ifstream file(folder / "log");
  std::string line;
  std::getline(file, line);
  EXPECT_THAT(line, HasSubstr("four"));
}

TEST(Log, LetsGoOfASinkBeforeAnotherIsSet) {
  std::atomic<int> inside = 0;
  std::atomic<bool> is_over = false;
  std::atomic<int> late = 0;
  std::jthread writer([](const std::stop_token& stop) {
    while (!stop.stop_requested()) base::log(LogLevel::Error, "test", "line");
  });
  for (int i = 0; i < 50; ++i) {
    is_over = false;
    set_log_sink([&](const LogRecord&) {
      ++inside;
      if (is_over) ++late;
    });
    while (inside == 0) std::this_thread::yield();
    set_log_sink([](const LogRecord&) {});
    is_over = true;
    inside = 0;
  }
  writer.request_stop();
  writer.join();
  set_log_sink({});

  EXPECT_EQ(late, 0);
}

TEST(Log, SurvivesASinkThatThrows) {
  set_log_sink([](const LogRecord&) { throw Error({.message = "on purpose"}); });
  base::log(LogLevel::Warn, "test", "one");
  int lines = 0;
  set_log_sink([&](const LogRecord&) { ++lines; });
  base::log(LogLevel::Warn, "test", "two");
  set_log_sink({});

  EXPECT_EQ(lines, 1);
}

TEST(Log, GoesOnInAChildOfAFork) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "log";
  set_log_file({.path = path});
  std::jthread writer([](const std::stop_token& stop) {
    while (!stop.stop_requested()) base::log(LogLevel::Warn, "parent", "line");
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      base::log(LogLevel::Warn, "child", "line");
      _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  writer.request_stop();
  writer.join();
  set_log_sink({});

  std::ifstream file(path);
  int children = 0;
  for (std::string line; std::getline(file, line);)
    children += line.find("child: line") != std::string::npos ? 1 : 0;
  EXPECT_EQ(children, 20);
}

class LogFileTest : public testing::Test {
 protected:
  ~LogFileTest() override { set_log_sink({}); }

  std::string path(std::string_view name = "dbsql.log") const { return folder_ / name; }
  std::string text(std::string_view name = "dbsql.log") const {
    std::ifstream file(path(name));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  test::TemporaryFolder folder_;
};

TEST_F(LogFileTest, IsForItsOwnerAlone) {
  std::ofstream(path()) << "from before\n";
  ::chmod(path().c_str(), 0644);

  set_log_file({.path = path()});
  base::log(LogLevel::Warn, "test", "hello");

  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_THAT(text(), testing::StartsWith("from before\n"));
  EXPECT_THAT(text(), testing::EndsWith(" warn dbsql test: hello\n"));
}

TEST_F(LogFileTest, HasAUsualNameInAFolder) {
  set_log_file({.path = folder_.path().string(), .format = LogFormat::Json});
  base::log(LogLevel::Warn, "test", "hello");

  EXPECT_THAT(text(), HasSubstr(R"("message":"hello"})"));
}

TEST_F(LogFileTest, IsPutAsideWhenItIsFullAndTheOldestGoes) {
  set_log_file({.path = path(), .max_bytes = 250, .max_files = 3});
  for (int i = 0; i < 20; ++i)
    base::log(LogLevel::Warn, "test", "line " + std::to_string(i) + std::string(60, '.'));

  EXPECT_THAT(text(), HasSubstr("line 19"));
  EXPECT_THAT(text("dbsql.log.1"), HasSubstr("line 17"));
  EXPECT_THAT(text("dbsql.log.2"), Not(testing::IsEmpty()));
  EXPECT_FALSE(std::filesystem::exists(path("dbsql.log.3")));
  for (const std::string name : {"dbsql.log", "dbsql.log.1", "dbsql.log.2"}) {
    EXPECT_LE(text(name).size(), 250U);
    struct stat info {};
    ::stat(path(name).c_str(), &info);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(LogFileTest, LosesNoLineOfManyThreadsWhileItIsPutAside) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  set_log_file({.path = path(), .max_bytes = 10'000, .max_files = 100});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([] {
      for (int i = 0; i < kLines; ++i) base::log(LogLevel::Warn, "test", "a line of some length");
    });
  for (std::thread& thread : threads) thread.join();

  int lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++lines)
      EXPECT_THAT(line, testing::EndsWith("test: a line of some length"));
  }
  EXPECT_EQ(lines, kThreads * kLines);
}

// A lock on the file that they have inherited would be none between them: the first time that they
// put it aside, all at once, one would take the place of what another has put there.
TEST_F(LogFileTest, LosesNoLineOfProcessesThatInheritedIt) {
  constexpr int kRounds = 60;
  constexpr int kChildren = 4;
  constexpr int kLines = 25;
  int written = 0;
  for (int round = 0; round < kRounds; ++round) {
    set_log_file(
        {.path = path("log" + std::to_string(round)), .max_bytes = 1'200, .max_files = 20});
    for (int i = 0; i < 17; ++i, ++written)
      base::log(LogLevel::Warn, "test", "a line of some length");
    int start[2] = {};
    ASSERT_EQ(::pipe(start), 0);
    std::vector<pid_t> children;
    for (int child = 0; child < kChildren; ++child) {
      children.push_back(fork());
      if (children.back() != 0) continue;
      ::close(start[1]);
      char none = 0;
      static_cast<void>(!::read(start[0], &none, 1));  // until all are there
      for (int i = 0; i < kLines; ++i) base::log(LogLevel::Warn, "test", "a line of some length");
      _exit(0);
    }
    ::close(start[0]);
    ::close(start[1]);
    for (const pid_t child : children) {
      int status = -1;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    written += kChildren * kLines;
  }

  int lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++lines)
      EXPECT_THAT(line, testing::EndsWith("test: a line of some length"));
  }
  EXPECT_EQ(lines, written);
}

// Whoever shares the position of an open file shares its lock, too.
TEST_F(LogFileTest, AChildOpensItAnew) {
  set_log_file({.path = path()});
  base::log(LogLevel::Warn, "test", "of the parent");
  int file = -1;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) == path())
      file = std::stoi(entry.path().filename().string());
  }
  ASSERT_GE(file, 0);
  const off_t position = ::lseek(file, 0, SEEK_CUR);

  const pid_t child = fork();
  if (child == 0) {
    base::log(LogLevel::Warn, "test", "of the child");
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);

  EXPECT_THAT(text(), HasSubstr("of the child"));
  EXPECT_EQ(::lseek(file, 0, SEEK_CUR), position);
}

TEST_F(LogFileTest, AChildThatCannotOpenItGoesOnWithItsParents) {
  set_log_file({.path = path(), .max_bytes = 200, .max_files = 3});
  base::log(LogLevel::Warn, "test", "of the parent");
  std::filesystem::rename(folder_.path(), folder_.path().string() + ".moved");

  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 5; ++i) base::log(LogLevel::Warn, "test", "of the child");
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  std::filesystem::rename(folder_.path().string() + ".moved", folder_.path());

  EXPECT_EQ(status, 0);
  int lines = 0;
  std::istringstream all(text());
  for (std::string line; std::getline(all, line);) ++lines;
  EXPECT_EQ(lines, 6);
}

TEST_F(LogFileTest, SaysWhyItCannotBeOpened) {
  const Error error =
      test::capture_error([&] { set_log_file({.path = path("no/such/folder/x")}); });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.message(), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace dbsql
