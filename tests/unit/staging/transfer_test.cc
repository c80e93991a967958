#include "staging/transfer.h"

#include <dbsql/log.h>

#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::staging {
namespace {

using test::capture_error;
using test::FakeClock;
using test::ScriptedServer;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Replies = std::vector<std::string>;

/// Answers one request after the other; the last answer stays.
ScriptedServer::Script in_turn(Replies replies) {
  auto next = std::make_shared<std::size_t>(0);
  auto mutex = std::make_shared<std::mutex>();
  return [=](ScriptedServer::Connection& connection) {
    while (connection.read_request()) {
      std::unique_lock lock(*mutex);
      const std::string& reply = replies[std::min(*next, replies.size() - 1)];
      ++*next;
      lock.unlock();
      connection.send(reply);
    }
  };
}

std::string reply(int status, std::string_view body = {}) {
  return ScriptedServer::reply(body, status);
}

class TransferTest : public testing::Test {
 protected:
  TransferTest() { clock_.advance_when_waited_on(true); }

  void serve(Replies replies) { serve(in_turn(std::move(replies))); }
  void serve(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
  }

  Instruction instruction(StagingOperation operation, std::string local_file = {}) const {
    return {.operation = operation,
            .url = server_->url("/volume/file?X-Amz-Signature=secret"),
            .headers = {},
            .local_file = std::move(local_file)};
  }

  Environment environment(std::vector<std::string> allowed = {}) {
    return {.client = std::make_shared<const http::Client>(std::make_shared<http::CurlTransport>(),
                                                           http::RetryOptions{},
                                                           http::Client::Decorator{}, clock_),
            .allowed_paths = AllowedPaths(allowed)};
  }

  StagingResult run(Instruction instruction, const StagingOptions& options = {},
                    const base::CallContext& call = {}) {
    const Environment here = environment({folder_.path().string()});
    return Transfer(std::move(instruction), options, here).run(call);
  }

  Error failure(Instruction instruction, const StagingOptions& options = {}) {
    Error error = capture_error([&] { run(std::move(instruction), options); });
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
    return error;
  }

  std::size_t requests() const { return server_->requests().size(); }

  FakeClock clock_;
  TemporaryFolder folder_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(TransferTest, PutSendsTheFileWithTheHeadersOfTheServerAlone) {
  serve({reply(201)});
  Instruction put = instruction(StagingOperation::Put, folder_.write("a.csv", "1,2,3"));
  put.headers = {{"x-ms-blob-type", "BlockBlob"}};

  const StagingResult result = run(std::move(put));

  EXPECT_EQ(result.operation, StagingOperation::Put);
  EXPECT_EQ(result.bytes, 5U);
  const auto request = server_->requests().at(0);
  EXPECT_EQ(request.target(), "PUT /volume/file?X-Amz-Signature=secret");
  EXPECT_EQ(request.body, "1,2,3");
  EXPECT_EQ(request.header("x-ms-blob-type"), "BlockBlob");
  EXPECT_EQ(request.header("content-length"), "5");
  for (const char* name : {"authorization", "cookie", "content-type", "user-agent", "expect"})
    EXPECT_EQ(request.header(name), "") << name;
}

TEST_F(TransferTest, PutIsDoneWithEveryStatusThatSaysSo) {
  const std::string file = folder_.write("a", "x");
  for (const int status : {200, 201, 202, 204}) {
    serve({reply(status)});
    EXPECT_EQ(run(instruction(StagingOperation::Put, file)).bytes, 1U) << status;
  }
  serve({reply(206)});
  EXPECT_EQ(failure(instruction(StagingOperation::Put, file)).kind(), ErrorKind::Protocol);
}

TEST_F(TransferTest, AnEmptyFileIsSentWithItsLength) {
  serve({reply(200)});

  EXPECT_EQ(run(instruction(StagingOperation::Put, folder_.write("a", ""))).bytes, 0U);
  EXPECT_EQ(server_->requests().at(0).header("content-length"), "0");
}

TEST_F(TransferTest, ARefusedPutNamesStatusAndCodeAndNothingSecret) {
  serve({reply(403, "<Error><Code>AccessDenied</Code><Resource>?sig=secret</Resource></Error>")});

  const Error error = failure(instruction(StagingOperation::Put, folder_.write("a", "x")));

  EXPECT_EQ(error.kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(error.http_status(), 403);
  EXPECT_EQ(error.error_class(), "AccessDenied");
  EXPECT_EQ(requests(), 1U);
}

TEST_F(TransferTest, WhatIsWrongHereSendsNothing) {
  serve({reply(200)});
  std::filesystem::create_directory(folder_.path() / "folder");

  EXPECT_EQ(failure(instruction(StagingOperation::Put, folder_ / "missing")).kind(),
            ErrorKind::NotFound);
  EXPECT_EQ(failure(instruction(StagingOperation::Put, folder_ / "folder")).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(failure(instruction(StagingOperation::Put, "/etc/hostname")).kind(),
            ErrorKind::PermissionDenied);
  EXPECT_EQ(failure(instruction(StagingOperation::Get, folder_ / "no/such/folder")).kind(),
            ErrorKind::NotFound);
  EXPECT_EQ(server_->connection_count(), 0);
}

TEST_F(TransferTest, WithoutAllowedPathsNoFileIsTouchedButRemoveWorks) {
  serve({reply(204)});
  const Environment nothing_allowed = environment();
  const StagingOptions options;

  for (const auto operation : {StagingOperation::Put, StagingOperation::Get}) {
    const Error error = capture_error([&] {
      Transfer(instruction(operation, folder_.write("a", "x")), options, nothing_allowed);
    });
    EXPECT_EQ(error.kind(), ErrorKind::PermissionDenied);
  }
  Transfer(instruction(StagingOperation::Remove), options, nothing_allowed).run({});
  EXPECT_EQ(requests(), 1U);
}

TEST_F(TransferTest, APutThatIsRepeatedSendsTheFileFromItsBeginning) {
  serve({reply(503), reply(500), reply(200)});

  run(instruction(StagingOperation::Put, folder_.write("a", "the whole file")));

  ASSERT_EQ(requests(), 3U);
  for (const auto& request : server_->requests()) EXPECT_EQ(request.body, "the whole file");
}

TEST_F(TransferTest, EveryPassingStatusIsRepeated) {
  const std::string file = folder_.write("a", "x");
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    serve({reply(status), reply(200)});
    run(instruction(StagingOperation::Put, file));
    EXPECT_EQ(requests(), 2U) << status;
  }
}

TEST_F(TransferTest, GetWritesTheFile) {
  serve({reply(200, "downloaded")});

  const StagingResult result = run(instruction(StagingOperation::Get, folder_ / "a"));

  EXPECT_EQ(result.bytes, 10U);
  EXPECT_EQ(folder_.read("a"), "downloaded");
  EXPECT_EQ(server_->requests().at(0).target(), "GET /volume/file?X-Amz-Signature=secret");
}

TEST_F(TransferTest, GetReplacesAnExistingFileUnlessTold) {
  folder_.write("a", "old");
  serve({reply(200, "new")});
  StagingOptions keep;
  keep.overwrite = false;

  EXPECT_EQ(failure(instruction(StagingOperation::Get, folder_ / "a"), keep).kind(),
            ErrorKind::AlreadyExists);
  EXPECT_EQ(requests(), 0U);
  EXPECT_EQ(folder_.read("a"), "old");
  run(instruction(StagingOperation::Get, folder_ / "a"));
  EXPECT_EQ(folder_.read("a"), "new");
}

TEST_F(TransferTest, AGetThatFailsLeavesTheFolderAsItWas) {
  folder_.write("a", "old");
  for (const int status : {404, 500, 206}) {
    serve({reply(status, "not the file")});

    const Error error = failure(instruction(StagingOperation::Get, folder_ / "a"));

    EXPECT_EQ(error.http_status(), status);
    EXPECT_EQ(folder_.read("a"), "old");
    EXPECT_THAT(folder_.names(), ElementsAre("a"));
  }
}

TEST_F(TransferTest, AGetWithoutAFileIsNotFound) {
  serve({reply(404, "<Code>NoSuchKey</Code>")});

  const Error error = failure(instruction(StagingOperation::Get, folder_ / "a"));

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.error_class(), "NoSuchKey");
  EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(TransferTest, ABrokenDownloadIsRepeatedFromItsBeginning) {
  serve([](ScriptedServer::Connection& connection) {
    connection.read_request();
    if (connection.number() == 0) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome of it");
      connection.close();
    } else {
      connection.send(ScriptedServer::reply("all of it"));
    }
  });

  const StagingResult result = run(instruction(StagingOperation::Get, folder_ / "a"));

  EXPECT_EQ(result.bytes, 9U);
  EXPECT_EQ(folder_.read("a"), "all of it");
  EXPECT_THAT(folder_.names(), ElementsAre("a"));
}

TEST_F(TransferTest, ADownloadWhoseEndCannotBeToldFromALossIsRefused) {
  serve([](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmaybe all of it");
    connection.close();
  });

  EXPECT_EQ(failure(instruction(StagingOperation::Get, folder_ / "a")).kind(),
            ErrorKind::CorruptResult);
  EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(TransferTest, GetTakesTheBytesAsTheyAre) {
  serve({ScriptedServer::reply("compressed by its owner", 200, "Content-Encoding: gzip\r\n")});

  run(instruction(StagingOperation::Get, folder_ / "a"));

  EXPECT_EQ(folder_.read("a"), "compressed by its owner");
}

TEST_F(TransferTest, RemoveSucceedsWhetherOrNotTheFileWasThere) {
  for (const int status : {200, 202, 204, 404}) {
    serve({reply(status)});
    EXPECT_EQ(run(instruction(StagingOperation::Remove)).operation, StagingOperation::Remove);
    EXPECT_THAT(server_->requests().at(0).target(), HasSubstr("DELETE /volume/file"));
  }
  serve({reply(403)});
  EXPECT_EQ(failure(instruction(StagingOperation::Remove)).http_status(), 403);
}

TEST_F(TransferTest, PutSendsAStreamOrMemory) {
  serve({reply(200)});
  std::istringstream stream("from a stream");
  StagingOptions by_stream;
  by_stream.input = &stream;
  const std::string memory = "from memory";
  StagingOptions by_memory;
  by_memory.input_bytes = std::as_bytes(std::span(memory.data(), memory.size()));

  run(instruction(StagingOperation::Put, std::string(kInputStream)), by_stream);
  run(instruction(StagingOperation::Put, std::string(kInputStream)), by_memory);

  EXPECT_EQ(server_->requests().at(0).body, "from a stream");
  EXPECT_EQ(server_->requests().at(1).body, "from memory");
}

TEST_F(TransferTest, GetFillsAStreamOrMemory) {
  serve({reply(200, "downloaded")});
  std::ostringstream stream;
  StagingOptions to_stream;
  to_stream.output = &stream;
  std::vector<std::byte> memory;
  StagingOptions to_memory;
  to_memory.output_bytes = &memory;

  run(instruction(StagingOperation::Get, std::string(kOutputStream)), to_stream);
  run(instruction(StagingOperation::Get, std::string(kOutputStream)), to_memory);

  EXPECT_EQ(stream.str(), "downloaded");
  EXPECT_EQ(memory.size(), 10U);
}

TEST_F(TransferTest, AStreamAndTheStatementMustFit) {
  serve({reply(200)});
  const std::string file = folder_.write("a", "x");
  const std::string marker(kInputStream);
  std::istringstream in("x");
  std::ostringstream out;
  StagingOptions input;
  input.input = &in;
  StagingOptions output;
  output.output = &out;
  StagingOptions two_inputs = input;
  two_inputs.input_bytes = std::span<const std::byte>{};
  const auto refused = [&](StagingOperation operation, const std::string& name,
                           const StagingOptions& options) {
    EXPECT_EQ(failure(instruction(operation, name), options).kind(), ErrorKind::InvalidArgument);
  };

  refused(StagingOperation::Put, marker, {});
  refused(StagingOperation::Get, std::string(kOutputStream), {});
  refused(StagingOperation::Put, file, input);
  refused(StagingOperation::Get, file, output);
  refused(StagingOperation::Remove, {}, input);
  refused(StagingOperation::Put, marker, output);
  refused(StagingOperation::Put, marker, two_inputs);
  EXPECT_EQ(server_->connection_count(), 0);
}

TEST_F(TransferTest, BytesAreReportedAsTheyMove) {
  const std::string content(3'000'000, 'x');
  serve({reply(200, content)});
  std::vector<StagingProgress> seen;
  StagingOptions options;
  options.on_progress = [&](const StagingProgress& progress) { seen.push_back(progress); };

  run(instruction(StagingOperation::Put, folder_.write("a", content)), options);
  ASSERT_GT(seen.size(), 1U);
  EXPECT_LT(seen.front().bytes, content.size());
  EXPECT_EQ(seen.back().bytes, content.size());
  EXPECT_EQ(seen.back().total, content.size());
  seen.clear();
  run(instruction(StagingOperation::Get, folder_ / "b"), options);

  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().operation, StagingOperation::Get);
  EXPECT_EQ(seen.back().bytes, content.size());
  EXPECT_EQ(seen.back().total, content.size());
}

TEST_F(TransferTest, ALinkThatIsTooOldIsAnErrorOfItsOwn) {
  serve({reply(403, "<Code>AccessDenied</Code><Message>Request has expired</Message>")});

  const Error error = failure(instruction(StagingOperation::Put, folder_.write("a", "x")));

  EXPECT_EQ(error.kind(), ErrorKind::LinkExpired);
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(requests(), 1U);
}

TEST_F(TransferTest, AStreamIsBackAtItsStartWhenTheLinkWasTooOld) {
  serve({reply(403, "<Code>ExpiredToken</Code>")});
  std::istringstream stream("header|body");
  stream.ignore(7);
  StagingOptions options;
  options.input = &stream;

  const Error error =
      failure(instruction(StagingOperation::Put, std::string(kInputStream)), options);

  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(stream.tellg(), 7);
}

TEST_F(TransferTest, OnlyEncryptedLinksAreFollowed) {
  const Environment here = environment();
  const StagingOptions options;
  for (const char* link : {"http://storage.example/f?sig=secret", "ftp://x/f", "", "not a link"}) {
    const Instruction remove{.operation = StagingOperation::Remove, .url = link};
    const Error error = capture_error([&] { Transfer(remove, options, here); });
    EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  }
}

TEST_F(TransferTest, AStopRequestedInTheMiddleOfAStreamEndsThePut) {
  serve([](ScriptedServer::Connection& connection) {
    connection.read_bytes(100'000);
    connection.wait_for_close();
  });
  std::stop_source stop;
  base::CallContext call;
  call.stop = stop.get_token();
  const std::string content(20'000'000, 'x');
  std::istringstream stream(content);
  StagingOptions options;
  options.input = &stream;
  options.on_progress = [&](const StagingProgress& progress) {
    if (progress.bytes > 500'000) stop.request_stop();
  };

  const Error error = capture_error(
      [&] { run(instruction(StagingOperation::Put, std::string(kInputStream)), options, call); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
}

TEST_F(TransferTest, TheLogNamesNoPathAndNoLink) {
  std::mutex mutex;
  std::string log;
  set_log_level(LogLevel::Debug);
  set_log_sink([&](const LogRecord& record) {
    std::lock_guard lock(mutex);
    log += to_text(record) + "\n";
  });
  serve({reply(503), reply(200)});

  run(instruction(StagingOperation::Put, folder_.write("private-name", "x")));
  set_log_sink({});
  set_log_level(LogLevel::Warn);

  EXPECT_THAT(log, HasSubstr("HTTP 503"));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  EXPECT_THAT(log, Not(HasSubstr("/volume/file")));
  EXPECT_THAT(log, Not(HasSubstr("private-name")));
}

}  // namespace
}  // namespace dbsql::staging
