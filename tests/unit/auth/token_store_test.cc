#include "auth/token_store.h"

#include <dbsql/error.h>

#include "auth/crypto.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using testing::HasSubstr;
using testing::SizeIs;

TokenIdentity identity(std::string client = "client") {
  return {.origin = "https://h.databricks.com",
          .client_id = std::move(client),
          .scopes = {"sql", "offline_access"},
          .account_id = {}};
}

Token token(std::string text = "acc3ss") {
  Token token;
  token.access_token = text;
  token.refresh_token = "r3fresh";
  token.scopes = {"sql", "offline_access"};
  token.issued_at = std::chrono::system_clock::time_point(1'750'000'000s);
  token.expires_at = *token.issued_at + 1h;
  return token;
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat facts {};
  EXPECT_EQ(::stat(file.c_str(), &facts), 0) << file;
  return facts.st_mode & 0777U;
}

class TokenStoreTest : public testing::Test {
 protected:
  TokenStore store(Secret passphrase = {}, std::string client = "client") {
    return {folder_.path() / "oauth", std::move(passphrase), identity(std::move(client))};
  }
  void save(TokenStore& store, const Token& token) { store.save(token, store.lock({})); }
  std::string content(const TokenStore& store) {
    return folder_.read("oauth/" + store.file().filename().string());
  }
  void write(const TokenStore& store, const std::string& content) {
    std::ofstream(store.file(), std::ios::binary | std::ios::trunc) << content;
  }

  test::TemporaryFolder folder_;
};

TEST_F(TokenStoreTest, KeepsATokenForTheNextProcess) {
  auto first = store();
  save(first, token());

  const auto found = store().load();

  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_token.view(), "acc3ss");
  EXPECT_EQ(found->refresh_token.view(), "r3fresh");
  EXPECT_EQ(found->token_type, "Bearer");
  EXPECT_EQ(found->scopes, token().scopes);
  EXPECT_EQ(found->issued_at, token().issued_at);
  EXPECT_EQ(found->expires_at, token().expires_at);
}

TEST_F(TokenStoreTest, LetsNobodyElseReadAnything) {
  auto kept = store();
  save(kept, token());

  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "oauth")) {
    EXPECT_EQ(mode_of(entry.path()), 0600U) << entry.path();
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find("acc3ss"), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find("r3fresh"), std::string::npos) << entry.path();
    EXPECT_EQ(entry.path().string().find("databricks.com"), std::string::npos);
  }
  EXPECT_EQ(mode_of(folder_.path() / "oauth"), 0700U);
}

TEST_F(TokenStoreTest, HoldsHostsAndIdentitiesApart) {
  auto mine = store();
  save(mine, token());
  auto other = store({}, "other");

  EXPECT_FALSE(other.load());
  EXPECT_NE(mine.file(), other.file());

  // Somebody renames one file to the other.
  const test::CapturedLog log;
  std::filesystem::copy_file(mine.file(), other.file());
  EXPECT_FALSE(other.load());
  EXPECT_THAT(log.lines(LogLevel::Warn), SizeIs(1));
}

TEST(TokenIdentity, IsTheSameWhateverTheOrderOfTheScopes) {
  TokenIdentity turned = identity();
  std::swap(turned.scopes[0], turned.scopes[1]);
  turned.origin = "https://H.databricks.com";
  EXPECT_EQ(turned.key(), identity().key());
  turned.account_id = "a";
  EXPECT_NE(turned.key(), identity().key());
}

TEST_F(TokenStoreTest, OpensWithItsPassphraseOnly) {
  auto right = store("open sesame");
  save(right, token());
  const std::string before = content(right);
  const test::CapturedLog log;

  EXPECT_TRUE(store("open sesame").load());
  EXPECT_THAT(log.lines(LogLevel::Warn), SizeIs(0));
  auto wrong = store("open barley");
  EXPECT_FALSE(wrong.load());
  EXPECT_FALSE(wrong.load());
  EXPECT_FALSE(store().load());

  EXPECT_THAT(log.lines(LogLevel::Warn), SizeIs(2)) << "one for each object";
  EXPECT_EQ(content(right), before) << "a file that cannot be opened is left alone";
  for (const auto& [level, line] : log.lines()) EXPECT_EQ(line.find("sesame"), std::string::npos);
}

TEST_F(TokenStoreTest, TakesADamagedFileForAMissAndWarnsOnce) {
  auto kept = store();
  save(kept, token());
  const std::string good = content(kept);
  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    write(kept, bad);
    EXPECT_FALSE(kept.load()) << "byte " << at;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, std::size_t{40}, good.size() - 1}) {
    write(kept, good.substr(0, size));
    EXPECT_FALSE(kept.load()) << size << " bytes";
  }
  write(kept, std::string(1 << 20, 'x'));
  const test::CapturedLog log;
  auto fresh = store();
  EXPECT_FALSE(fresh.load());
  EXPECT_FALSE(fresh.load());
  EXPECT_THAT(log.lines(LogLevel::Warn), SizeIs(1));

  save(fresh, token("again"));
  ASSERT_TRUE(store().load());
}

TEST_F(TokenStoreTest, RefusesAFileThatOthersMayRead) {
  auto kept = store();
  save(kept, token());
  std::filesystem::permissions(kept.file(), std::filesystem::perms(0644));
  const test::CapturedLog log;

  EXPECT_FALSE(kept.load());
  ASSERT_THAT(log.lines(LogLevel::Warn), SizeIs(1));
  EXPECT_THAT(log.lines(LogLevel::Warn)[0], HasSubstr("0600"));

  save(kept, token());
  EXPECT_EQ(mode_of(kept.file()), 0600U);
  EXPECT_TRUE(kept.load());
}

TEST_F(TokenStoreTest, FollowsNoLinksAndNeedsAFolderOfItsOwn) {
  auto kept = store();
  save(kept, token());
  const auto elsewhere = folder_.path() / "elsewhere";
  std::filesystem::rename(kept.file(), elsewhere);
  std::filesystem::create_symlink(elsewhere, kept.file());
  EXPECT_FALSE(kept.load());

  std::filesystem::permissions(folder_.path() / "oauth", std::filesystem::perms(0777));
  const Error error = capture_error([&] { kept.lock({}); });
  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.message(), HasSubstr("0700"));
}

TEST_F(TokenStoreTest, ForgetsATokenForGood) {
  auto kept = store();
  save(kept, token());

  kept.remove(kept.lock({}));

  EXPECT_FALSE(store().load());
}

TEST_F(TokenStoreTest, OutlivesAWriterThatCrashed) {
  auto kept = store();
  save(kept, token());
  write(kept, content(kept));
  std::ofstream(kept.file().string() + ".new") << "half a f";

  save(kept, token("newer"));

  EXPECT_EQ(store().load()->access_token.view(), "newer");
  EXPECT_FALSE(std::filesystem::exists(kept.file().string() + ".new"));
}

TEST_F(TokenStoreTest, LocksOutOtherProcessesUntilTheHolderEndsOrDies) {
  auto mine = store();
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  std::optional<FileLock> held(mine.lock({}));
  held.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock = mine.lock({});
    [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
    ::pause();  // until it is killed with the lock in its hands
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  test::FakeClock clock;
  clock.advance_when_waited_on(true);
  base::CallContext soon;
  soon.deadline = clock.now() + 1s;
  const TokenStore waiting(folder_.path() / "oauth", {}, identity(), clock);
  EXPECT_EQ(capture_error([&] { waiting.lock(soon); }).kind(), ErrorKind::Timeout);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);

  EXPECT_NO_THROW(waiting.lock({}));
}

TEST_F(TokenStoreTest, ManyWritersAndReadersNeverSeeHalfAFile) {
  {
    auto first = store();
    save(first, token());
  }
  const test::CapturedLog log;
  std::atomic<int> misses = 0;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < 3; ++writer)
      threads.emplace_back([&] {
        auto mine = store();
        for (int i = 0; i < 10; ++i) save(mine, token(std::string(1000, 'a')));
      });
    for (int reader = 0; reader < 3; ++reader)
      threads.emplace_back([&] {
        auto mine = store();
        for (int i = 0; i < 50; ++i)
          if (!mine.load()) ++misses;
      });
  }
  EXPECT_EQ(misses, 0);
  EXPECT_THAT(log.lines(LogLevel::Warn), SizeIs(0));
}

TEST(Crypto, KnowsAnAnswerOfSha256) {
  EXPECT_EQ(base64url_encode(sha256("abc")), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

}  // namespace
}  // namespace dbsql::auth
