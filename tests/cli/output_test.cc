#include "cli/output.h"

#include "cli/history_file.h"
#include "cli/script_reader.h"
#include "tests/cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace dbsql::cli {
namespace {

using test::TemporaryFolder;

TEST(Output, GivesAFileItsNameOnlyWhenItIsComplete) {
  const TemporaryFolder folder;
  Output output = Output::to_file(folder.path("a.csv"), -1);
  output.buffer() += "1,2\n";
  output.flush();
  EXPECT_FALSE(folder.contains("a.csv"));

  output.commit();

  EXPECT_EQ(folder.read("a.csv"), "1,2\n");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(Output, LeavesTheEarlierFileAloneWhenItIsNotCompleted) {
  const TemporaryFolder folder;
  folder.write("a.csv", "earlier");
  {
    Output output = Output::to_file(folder.path("a.csv"), -1);
    output.buffer() += "half";
    output.flush();
  }

  EXPECT_EQ(folder.read("a.csv"), "earlier");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(Output, KeepsThePermissionsOfTheFileItReplaces) {
  const TemporaryFolder folder;
  folder.write("a.csv", "earlier");
  chmod(folder.path("a.csv").c_str(), 0640);

  Output::to_file(folder.path("a.csv"), -1).commit();

  struct stat status {};
  stat(folder.path("a.csv").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST(Output, WritesThroughASymbolicLink) {
  const TemporaryFolder folder;
  folder.write("target", "earlier");
  ASSERT_EQ(symlink(folder.path("target").c_str(), folder.path("link").c_str()), 0);

  Output output = Output::to_file(folder.path("link"), -1);
  output.buffer() += "new";
  output.commit();

  EXPECT_EQ(folder.read("target"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
}

TEST(Output, SaysWhichFileCannotBeWritten) {
  try {
    Output::to_file("/nonexistent/a.csv", -1);
    FAIL() << "no error";
  } catch (const OutputError& error) {
    EXPECT_STREQ(error.what(),
                 "cannot create a file beside /nonexistent/a.csv: No such file or directory");
  }
}

TEST(Output, ReportsAFullDisk) {
  Output output = Output::to_file("/dev/full", -1);
  output.buffer() += "text";

  try {
    output.flush();
    FAIL() << "no error";
  } catch (const OutputError& error) {
    EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
    EXPECT_FALSE(error.is_closed_pipe());
  }
}

TEST(Output, TellsAClosedPipeFromOtherErrors) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  Output output(ends[1], "a pipe", -1);
  output.buffer() += "text";

  try {
    output.flush();
    FAIL() << "no error";
  } catch (const OutputError& error) {
    EXPECT_TRUE(error.is_closed_pipe());
  }
  close(ends[1]);
}

TEST(Output, DoesNotWaitForAReaderWhenInterrupted) {
  int ends[2];
  int wake[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(pipe(wake), 0);
  ASSERT_EQ(write(wake[1], "x", 1), 1);
  Output output(ends[1], "a pipe", wake[0]);
  output.buffer() = std::string(1 << 20, 'x');  // more than a pipe holds

  EXPECT_THROW(output.flush(), OutputInterrupted);

  for (const int descriptor : {ends[0], ends[1], wake[0], wake[1]}) close(descriptor);
}

TEST(Output, KeepsTheOrderOfBufferedAndLargeWrites) {
  const TemporaryFolder folder;
  Output output = Output::to_file(folder.path("a"), -1);
  const std::string large(Output::kBufferSize, 'b');

  output.write("a");
  output.write(large);
  output.write("c");
  output.commit();

  EXPECT_EQ(folder.read("a"), "a" + large + "c");
}

TEST(ScriptReader, ReadsSourcesInTheirOrder) {
  const TemporaryFolder folder;
  folder.write("two.sql", "\xEF\xBB\xBFSELECT 2;\n\nSELECT\n3");
  ScriptReader reader({{SqlSource::Kind::Text, "SELECT 1"},
                       {SqlSource::Kind::File, folder.path("two.sql")},
                       {SqlSource::Kind::Text, "SELECT 4; SELECT 5;"}},
                      -1);

  std::string found;
  while (auto statement = reader.next()) {
    found += statement->sql.text + "@" + std::to_string(statement->sql.line) + " ";
  }

  EXPECT_EQ(found, "SELECT 1@1 SELECT 2@1 SELECT\n3@3 SELECT 4@1 SELECT 5@1 ");
}

TEST(ScriptReader, NamesTheSourceOfAStatement) {
  const TemporaryFolder folder;
  folder.write("a.sql", "SELECT 1");
  ScriptReader reader(
      {{SqlSource::Kind::File, folder.path("a.sql")}, {SqlSource::Kind::Text, "SELECT 2"}}, -1);

  EXPECT_EQ(reader.next()->origin, folder.path("a.sql"));
  EXPECT_EQ(reader.next()->origin, "-e");
}

TEST(ScriptReader, FindsAMissingFileBeforeAnythingRuns) {
  try {
    ScriptReader({{SqlSource::Kind::Text, "SELECT 1"}, {SqlSource::Kind::File, "/nonexistent"}},
                 -1);
    FAIL() << "no error";
  } catch (const ScriptError& error) {
    EXPECT_STREQ(error.what(), "cannot read /nonexistent: No such file or directory");
  }
}

TEST(ScriptReader, RefusesAFolder) {
  const TemporaryFolder folder;
  EXPECT_THROW(ScriptReader({{SqlSource::Kind::File, folder.path("")}}, -1), ScriptError);
}

TEST(HistoryFile, KeepsLinesForTheNextRunReadableByTheOwnerAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path("state/dbsql/history");
  HistoryFile(path).append("SELECT 1;");
  HistoryFile(path).append("SELECT 2;");

  EXPECT_EQ(HistoryFile(path).load(), (std::vector<std::string>{"SELECT 1;", "SELECT 2;"}));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(HistoryFile, IsCutWhenItHasGrownFarTooLong) {
  const TemporaryFolder folder;
  std::string text;
  for (std::size_t i = 0; i < 2 * HistoryFile::kLines + 1; ++i) text += std::to_string(i) + "\n";
  folder.write("history", text);

  const auto lines = HistoryFile(folder.path("history")).load();

  EXPECT_EQ(lines.size(), HistoryFile::kLines);
  EXPECT_EQ(lines.back(), std::to_string(2 * HistoryFile::kLines));
  EXPECT_EQ(HistoryFile(folder.path("history")).load(), lines);
  EXPECT_LT(folder.read("history").size(), text.size());
}

TEST(HistoryFile, IsEmptyWhereThereIsNone) {
  EXPECT_TRUE(HistoryFile("").load().empty());
  EXPECT_TRUE(HistoryFile("/nonexistent/history").load().empty());
  HistoryFile("/proc/nonexistent/history").append("no error");
}

}  // namespace
}  // namespace dbsql::cli
