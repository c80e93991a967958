#include "staging/allowed_paths.h"

#include "support/capture_error.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace dbsql::staging {
namespace {

namespace fs = std::filesystem;
using test::capture_error;
using test::TemporaryFolder;
using testing::HasSubstr;

class AllowedPathsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"data/sub", "database", "data1", "other"})
      fs::create_directories(root_.path() / name);
  }

  /// The canonical path of what may be used; empty when it is refused.
  static std::string open(const AllowedPaths& allowed, const std::string& file) {
    try {
      return allowed.open(file).path;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::PermissionDenied) << error.what();
      return {};
    }
  }

  AllowedPaths data() const { return AllowedPaths({root_ / "data"}); }

  TemporaryFolder root_;
};

TEST_F(AllowedPathsTest, AFileBelowAnAllowedFolderMayBeUsed) {
  const AllowedPaths allowed({root_ / "other", root_ / "data"});

  EXPECT_EQ(open(allowed, root_ / "data/a.html"), root_ / "data/a.html");
  EXPECT_EQ(open(allowed, root_ / "data/sub/b"), root_ / "data/sub/b");
  EXPECT_EQ(open(allowed, root_ / "other/c"), root_ / "other/c");
}

TEST_F(AllowedPathsTest, NothingIsAllowedWithoutAPath) {
  const Error error = capture_error([&] { AllowedPaths().open(root_ / "data/a"); });

  EXPECT_EQ(error.kind(), ErrorKind::PermissionDenied);
  EXPECT_THAT(error.message(), HasSubstr("staging.allowed_paths"));
}

TEST_F(AllowedPathsTest, DotsDoNotLeadOutside) {
  EXPECT_EQ(open(data(), root_ / "data/../data1/x"), "");
  EXPECT_EQ(open(data(), root_ / "data/sub/../../other/x"), "");
  EXPECT_EQ(open(data(), root_ / "data/missing/../../other/x"), "");
  EXPECT_EQ(open(data(), root_ / "data/sub/../a"), root_ / "data/a") << "inside they are harmless";
}

TEST_F(AllowedPathsTest, ALongerNameIsNotWithinAShorterOne) {
  EXPECT_EQ(open(data(), root_ / "database/x"), "");
  EXPECT_EQ(open(data(), root_ / "data1"), "");
}

TEST_F(AllowedPathsTest, TheParentIsNotWithinItsChild) {
  EXPECT_EQ(open(data(), root_.path().string()), "");
  EXPECT_EQ(open(data(), root_ / "data/.."), "");
  EXPECT_EQ(open(data(), "/"), "");
}

TEST_F(AllowedPathsTest, TwoDotsInANameAreAName) {
  EXPECT_EQ(open(data(), root_ / "data/a..b.csv"), root_ / "data/a..b.csv");
  EXPECT_EQ(open(data(), root_ / "data/..x"), root_ / "data/..x");
}

TEST_F(AllowedPathsTest, ASymbolicLinkDoesNotLeadOutside) {
  fs::create_directory_symlink(root_.path() / "other", root_.path() / "data/l");
  fs::create_symlink(root_.write("other/secret", "s"), root_.path() / "data/file");

  EXPECT_EQ(open(data(), root_ / "data/l/passwd"), "");
  EXPECT_EQ(open(data(), root_ / "data/l/sub/passwd"), "");
  EXPECT_EQ(open(data(), root_ / "data/file"), "");
}

TEST_F(AllowedPathsTest, ASymbolicLinkInsideIsResolved) {
  fs::create_directory_symlink(root_.path() / "data/sub", root_.path() / "data/l");
  fs::create_directory_symlink(root_.path() / "data", root_.path() / "alias");

  EXPECT_EQ(open(data(), root_ / "data/l/x"), root_ / "data/sub/x");
  EXPECT_EQ(open(data(), root_ / "alias/x"), root_ / "data/x");
  EXPECT_EQ(open(AllowedPaths({root_ / "alias"}), root_ / "data/x"), root_ / "data/x");
}

TEST_F(AllowedPathsTest, ALinkThatLeadsNowhereIsAPlainName) {
  fs::create_symlink(root_.path() / "other/new", root_.path() / "data/dangling");

  // The name itself is used, in the allowed folder; nothing is made where the link points.
  EXPECT_EQ(open(data(), root_ / "data/dangling"), root_ / "data/dangling");
}

TEST_F(AllowedPathsTest, UpperAndLowerCaseDiffer) {
  EXPECT_EQ(open(data(), root_ / "DATA/x"), "");
  EXPECT_EQ(open(data(), root_ / "Data/x"), "");
}

TEST_F(AllowedPathsTest, TheFileSystemsRootAllowsEverything) {
  EXPECT_EQ(open(AllowedPaths({"/"}), root_ / "other/x"), root_ / "other/x");
}

TEST_F(AllowedPathsTest, ASingleFileCanBeAllowed) {
  const AllowedPaths allowed({root_.write("other/only.csv", "1")});

  EXPECT_EQ(open(allowed, root_ / "other/only.csv"), root_ / "other/only.csv");
  EXPECT_EQ(open(allowed, root_ / "other/another.csv"), "");
}

TEST_F(AllowedPathsTest, AnAllowedPathMayEndWithASlash) {
  EXPECT_EQ(open(AllowedPaths({root_ / "data/"}), root_ / "data/x"), root_ / "data/x");
  EXPECT_EQ(open(AllowedPaths({root_ / "data/"}), root_ / "database/x"), "");
}

TEST_F(AllowedPathsTest, RelativePathsStartFromTheWorkingDirectoryOfTheConnection) {
  const fs::path before = fs::current_path();
  fs::current_path(root_.path());
  const AllowedPaths allowed({"data"});

  EXPECT_EQ(open(allowed, "data/x"), root_ / "data/x");
  EXPECT_EQ(open(allowed, "./data/sub/../x"), root_ / "data/x");
  EXPECT_EQ(open(allowed, "other/x"), "");
  fs::current_path("/");
  EXPECT_EQ(open(allowed, root_ / "data/x"), root_ / "data/x");
  fs::current_path(before);
}

TEST_F(AllowedPathsTest, AFolderThatIsMissingIsNamedAsSuch) {
  const Error error = capture_error([&] { data().open(root_ / "data/missing/x"); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
}

TEST_F(AllowedPathsTest, NamesThatAreNoFilesAreRefused) {
  EXPECT_EQ(open(data(), ""), "");
  EXPECT_EQ(open(data(), root_ / "data/"), "");
  EXPECT_EQ(open(data(), root_ / std::string("data/a\0b", 8)), "");
  root_.write("data/file", "1");
  EXPECT_EQ(open(data(), root_ / "data/file/x"), "");
}

TEST_F(AllowedPathsTest, MorePathsCanBeAllowedForOneCall) {
  const AllowedPaths both = data().with({root_ / "other"});

  EXPECT_EQ(open(both, root_ / "data/x"), root_ / "data/x");
  EXPECT_EQ(open(both, root_ / "other/x"), root_ / "other/x");
  EXPECT_EQ(open(data(), root_ / "other/x"), "");
}

}  // namespace
}  // namespace dbsql::staging
