#include "staging/local_file.h"

#include "support/capture_error.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace dbsql::staging {
namespace {

namespace fs = std::filesystem;
using test::capture_error;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LocalFileTest : public testing::Test {
 protected:
  LocalPlace place(std::string_view name) const {
    return AllowedPaths({folder_.path().string()}).open(folder_ / name);
  }

  static std::string read_all(http::BodySource& source) {
    std::string text;
    std::byte piece[7];
    while (const std::size_t count = source.read(piece))
      text.append(reinterpret_cast<const char*>(piece), count);
    return text;
  }

  static void write(http::BodySink& sink, std::string_view text) {
    sink.begin(std::nullopt);
    sink.write(std::as_bytes(std::span(text.data(), text.size())));
  }

  TemporaryFolder folder_;
};

using FileSourceTest = LocalFileTest;
using FileSinkTest = LocalFileTest;

TEST_F(FileSourceTest, ReadsTheFileAndReadsItAgain) {
  folder_.write("a", "some bytes of a file");
  FileSource source(place("a"));

  EXPECT_EQ(source.size(), 20U);
  EXPECT_EQ(read_all(source), "some bytes of a file");
  EXPECT_TRUE(source.rewind());
  EXPECT_EQ(read_all(source), "some bytes of a file");
}

TEST_F(FileSourceTest, AnEmptyFileIsAFile) {
  folder_.write("a", "");
  FileSource source(place("a"));

  EXPECT_EQ(source.size(), 0U);
  EXPECT_EQ(read_all(source), "");
}

TEST_F(FileSourceTest, AMissingFileIsNotFound) {
  EXPECT_EQ(capture_error([&] { FileSource source(place("a")); }).kind(), ErrorKind::NotFound);
}

TEST_F(FileSourceTest, AFolderIsNoFile) {
  fs::create_directory(folder_.path() / "a");

  const Error error = capture_error([&] { FileSource source(place("a")); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("is a folder"));
}

TEST_F(FileSourceTest, ANamedPipeIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder_ / "a").c_str(), 0600), 0);

  EXPECT_EQ(capture_error([&] { FileSource source(place("a")); }).kind(),
            ErrorKind::InvalidArgument);
}

TEST_F(FileSourceTest, ALinkPutInPlaceAfterTheCheckIsNotFollowed) {
  const LocalPlace checked = place("a");
  fs::create_symlink("/etc/passwd", folder_.path() / "a");

  EXPECT_THROW(FileSource source(checked), Error);
}

TEST_F(FileSourceTest, AFileThatShrinksWhileItIsReadIsAnError) {
  folder_.write("a", "twenty bytes of text");
  FileSource source(place("a"));
  fs::resize_file(folder_.path() / "a", 5);

  EXPECT_THAT(capture_error([&] { read_all(source); }).message(), HasSubstr("became shorter"));
}

TEST_F(FileSourceTest, AFileThatGrowsIsSentAsItWas) {
  folder_.write("a", "first");
  FileSource source(place("a"));
  folder_.write("a", "first and more");

  EXPECT_EQ(read_all(source), "first");
}

TEST_F(FileSinkTest, TheFileAppearsWhenItIsWhole) {
  FileSink sink(place("a"), true);
  write(sink, "new");

  EXPECT_FALSE(fs::exists(folder_.path() / "a"));
  sink.commit();
  EXPECT_EQ(folder_.read("a"), "new");
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(FileSinkTest, AnExistingFileIsReplacedAtOnceAndKeepsItsMode) {
  folder_.write("a", "old");
  ASSERT_EQ(::chmod((folder_ / "a").c_str(), 0640), 0);
  FileSink sink(place("a"), true);
  write(sink, "new");

  EXPECT_EQ(folder_.read("a"), "old");
  sink.commit();
  EXPECT_EQ(folder_.read("a"), "new");
  EXPECT_EQ(fs::status(folder_.path() / "a").permissions(), fs::perms(0640));
}

TEST_F(FileSinkTest, AGivenUpFileLeavesNothing) {
  folder_.write("a", "old");
  {
    FileSink sink(place("a"), true);
    write(sink, "half");
    EXPECT_EQ(folder_.names().size(), 2U);
  }

  EXPECT_EQ(folder_.read("a"), "old");
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(FileSinkTest, NothingIsMadeBeforeTheFirstByte) {
  FileSink sink(place("a"), true);

  EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(FileSinkTest, AnEmptyFileIsWritten) {
  FileSink sink(place("a"), true);
  sink.commit();

  EXPECT_EQ(folder_.read("a"), "");
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(FileSinkTest, ASecondAttemptBeginsAnew) {
  FileSink sink(place("a"), true);
  write(sink, "a long first attempt");
  ASSERT_TRUE(sink.rewind());
  write(sink, "short");
  sink.commit();

  EXPECT_EQ(folder_.read("a"), "short");
}

TEST_F(FileSinkTest, AnExistingFileStaysWhenItMayNotBeReplaced) {
  folder_.write("a", "old");

  const Error error = capture_error([&] { FileSink sink(place("a"), false); });

  EXPECT_EQ(error.kind(), ErrorKind::AlreadyExists);
}

TEST_F(FileSinkTest, AFileThatAppearsMeanwhileStaysWhenItMayNotBeReplaced) {
  FileSink sink(place("a"), false);
  write(sink, "new");
  folder_.write("a", "somebody else's");

  EXPECT_EQ(capture_error([&] { sink.commit(); }).kind(), ErrorKind::AlreadyExists);
  EXPECT_EQ(folder_.read("a"), "somebody else's");
}

TEST_F(FileSinkTest, ALinkThatLeadsNowhereIsReplacedAndNotFollowed) {
  TemporaryFolder elsewhere;
  fs::create_symlink(elsewhere.path() / "target", folder_.path() / "a");
  FileSink sink(place("a"), true);
  write(sink, "new");
  sink.commit();

  EXPECT_FALSE(fs::is_symlink(folder_.path() / "a"));
  EXPECT_EQ(folder_.read("a"), "new");
  EXPECT_THAT(elsewhere.names(), IsEmpty());
}

TEST_F(FileSinkTest, AFolderIsNotReplaced) {
  fs::create_directory(folder_.path() / "a");

  EXPECT_EQ(capture_error([&] { FileSink sink(place("a"), true); }).kind(),
            ErrorKind::InvalidArgument);
}

TEST_F(FileSinkTest, ANameAsLongAsNamesCanBeIsWritten) {
  const std::string name(255, 'n');
  FileSink sink(place(name), true);
  write(sink, "x");
  sink.commit();

  EXPECT_EQ(folder_.read(name), "x");
}

}  // namespace
}  // namespace dbsql::staging
