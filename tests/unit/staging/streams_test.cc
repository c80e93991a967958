#include "staging/streams.h"

#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <streambuf>
#include <string>

namespace dbsql::staging {
namespace {

using test::capture_error;
using testing::HasSubstr;

/// A stream that gives bytes and can neither tell its position nor go back.
class OneWayBuffer final : public std::streambuf {
 public:
  explicit OneWayBuffer(std::string text) : text_(std::move(text)) {
    setg(text_.data(), text_.data(), text_.data() + text_.size());
  }

 private:
  std::string text_;
};

/// A stream whose disk has gone.
class BrokenBuffer final : public std::streambuf {
  int_type underflow() override { throw std::runtime_error("the disk is gone"); }
};

/// A stream that takes nothing.
class FullBuffer final : public std::streambuf {};

std::string read_all(http::BodySource& source) {
  std::string text;
  std::byte piece[1000];
  while (const std::size_t count = source.read(piece))
    text.append(reinterpret_cast<const char*>(piece), count);
  return text;
}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(BytesSource, GivesTheBytesAsOftenAsNeeded) {
  BytesSource source(bytes("memory"));

  EXPECT_EQ(source.size(), 6U);
  EXPECT_EQ(read_all(source), "memory");
  EXPECT_TRUE(source.rewind());
  EXPECT_EQ(read_all(source), "memory");
}

TEST(StreamSource, BeginsAtThePresentPosition) {
  std::istringstream stream("header|body");
  stream.ignore(7);
  const auto source = source_of(stream, std::nullopt);

  EXPECT_EQ(source->size(), 4U);
  EXPECT_EQ(read_all(*source), "body");
  EXPECT_TRUE(source->rewind());
  EXPECT_EQ(read_all(*source), "body");
}

TEST(StreamSource, SendsNoMoreThanTheGivenSize) {
  std::istringstream stream("0123456789");
  const auto source = source_of(stream, 4);

  EXPECT_EQ(read_all(*source), "0123");
  EXPECT_EQ(stream.get(), '4');
}

TEST(StreamSource, AStreamThatIsShorterThanGivenIsAnError) {
  std::istringstream stream("0123");
  const auto source = source_of(stream, 10);

  EXPECT_THAT(capture_error([&] { read_all(*source); }).message(), HasSubstr("4 of 10"));
}

TEST(StreamSource, AStreamOfUnknownSizeIsMeasuredByACopy) {
  const std::string text(1'000'000, 'x');
  OneWayBuffer buffer(text);
  std::istream stream(&buffer);
  const auto source = source_of(stream, std::nullopt);

  EXPECT_EQ(source->size(), text.size());
  EXPECT_TRUE(read_all(*source) == text);
  EXPECT_TRUE(source->rewind());
  EXPECT_TRUE(read_all(*source) == text);
}

TEST(StreamSource, AStreamThatCannotGoBackIsSentOnce) {
  OneWayBuffer buffer("0123456789");
  std::istream stream(&buffer);
  const auto source = source_of(stream, 10);

  EXPECT_TRUE(source->rewind()) << "nothing was read yet";
  std::byte piece[1];
  source->read(piece);
  EXPECT_FALSE(source->rewind());
}

TEST(StreamSource, AnEmptyStreamIsAnEmptyFile) {
  std::istringstream stream("");
  const auto source = source_of(stream, std::nullopt);

  EXPECT_EQ(source->size(), 0U);
}

TEST(StreamSource, ABrokenStreamIsAnError) {
  BrokenBuffer buffer;
  std::istream quiet(&buffer);
  std::istream throwing(&buffer);
  throwing.exceptions(std::ios_base::badbit | std::ios_base::failbit);
  std::istringstream used_up("");
  used_up.get();

  EXPECT_EQ(capture_error([&] { source_of(quiet, std::nullopt); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([&] { source_of(throwing, std::nullopt); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([&] { read_all(*source_of(used_up, 1)); }).kind(),
            ErrorKind::InvalidArgument);
}

TEST(StreamSource, AStreamThatThrowsAtItsEndIsReadToItsEnd) {
  std::istringstream stream("all of it");
  stream.exceptions(std::ios_base::eofbit | std::ios_base::failbit);
  const auto source = source_of(stream, std::nullopt);

  EXPECT_EQ(read_all(*source), "all of it");
}

TEST(BytesSink, ReplacesWhatWasThere) {
  std::vector<std::byte> memory(100);
  BytesSink sink(memory);
  sink.begin(std::uint64_t{1} << 60);  // a claim is not believed
  sink.write(bytes("first"));
  ASSERT_TRUE(sink.rewind());
  sink.write(bytes("second"));

  EXPECT_EQ(std::string(reinterpret_cast<const char*>(memory.data()), memory.size()), "second");
}

TEST(StreamSink, WhatIsWrittenCannotBeTakenBack) {
  std::ostringstream stream;
  StreamSink sink(stream);

  EXPECT_TRUE(sink.rewind());
  sink.write(bytes("text"));
  EXPECT_FALSE(sink.rewind());
  EXPECT_EQ(stream.str(), "text");
}

TEST(StreamSink, AStreamThatTakesNothingMoreIsAnError) {
  std::ostringstream quiet;
  quiet.setstate(std::ios_base::badbit);
  FullBuffer full;
  std::ostream throwing(&full);
  throwing.exceptions(std::ios_base::badbit);

  for (std::ostream* stream : {static_cast<std::ostream*>(&quiet), &throwing}) {
    StreamSink sink(*stream);
    EXPECT_EQ(capture_error([&] { sink.write(bytes("x")); }).kind(), ErrorKind::ResourceExhausted);
  }
}

}  // namespace
}  // namespace dbsql::staging
