#include "arrow/lz4_stream.h"

#include "support/capture_error.h"
#include "unit/arrow/sample_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;
using test::bytes_of;
using test::sample_text;

Lz4Stream stream_of(std::size_t hint, std::vector<std::size_t>* segments = nullptr,
                    std::size_t max_output = kDefaultMaxOutput) {
  return {[segments](std::size_t capacity) {
            if (segments != nullptr) segments->push_back(capacity);
            return std::make_shared<base::MutableBuffer>(
                base::BufferArena::process().allocate(capacity));
          },
          hint, max_output};
}

/// The content of a body that grows by `step` bytes at a time, taken off in pieces of `piece`.
std::string read_growing(Lz4Stream& stream, std::string_view body, std::size_t step,
                         std::size_t piece = 8) {
  std::string content;
  for (std::size_t size = 0; size != body.size();) {
    size = std::min(size + step, body.size());
    while (stream.advance(bytes_of(body.substr(0, size)))) {
      const std::size_t whole = stream.unread().size() / piece * piece;
      content += stream.unread().text().substr(0, whole);
      stream.skip(whole);
    }
  }
  stream.require_end(bytes_of(body));
  return content + std::string(stream.unread().text());
}

std::string three_frames(const std::string& text) {
  const std::size_t third = text.size() / 3;
  return compress_lz4_frame(bytes_of(text.substr(0, third))) +
         compress_lz4_frame(bytes_of(text.substr(third, third)), {.checksums = true}) +
         compress_lz4_frame(bytes_of(text.substr(2 * third)));
}

TEST(Lz4Stream, ReadsABodyHoweverItArrives) {
  const std::string text = sample_text(9'000);
  const std::string body = three_frames(text);

  for (const std::size_t step : {std::size_t{1}, std::size_t{100}, body.size()}) {
    for (const std::size_t hint : {std::size_t{0}, text.size(), std::size_t{10}}) {
      Lz4Stream stream = stream_of(hint);
      EXPECT_EQ(read_growing(stream, body, step), text) << step << " hint " << hint;
    }
  }
}

TEST(Lz4Stream, ReadsManyBlocksIntoOneSegmentWhenTheHintIsRight) {
  const std::string text = sample_text(std::size_t{13} << 20);
  std::vector<std::size_t> segments;
  Lz4Stream stream = stream_of(text.size(), &segments);

  EXPECT_TRUE(read_growing(stream, compress_lz4_frame(bytes_of(text)), 1 << 20) == text);
  EXPECT_EQ(segments, std::vector<std::size_t>{text.size()});
}

TEST(Lz4Stream, MovesOnToNewSegmentsWithoutAHint) {
  const std::string text = sample_text(std::size_t{13} << 20);
  const std::string body = compress_lz4_frame(bytes_of(text));
  for (const std::size_t piece : {std::size_t{8}, std::size_t{6} << 20}) {
    Lz4Stream stream = stream_of(0);
    EXPECT_TRUE(read_growing(stream, body, 1 << 20, piece) == text) << piece;
  }
}

TEST(Lz4Stream, ShowsABlockAsSoonAsItHasArrived) {
  const std::string text = sample_text(std::size_t{9} << 20);
  const std::string body = compress_lz4_frame(bytes_of(text), {.checksums = true});
  Lz4Stream stream = stream_of(text.size());

  ASSERT_TRUE(stream.advance(bytes_of(body.substr(0, body.size() / 2))));

  EXPECT_EQ(stream.unread().size(), std::size_t{4} << 20);
}

TEST(Lz4Stream, LeavesWhatWasReadAloneWhenItGoesOn) {
  const std::string text = sample_text(std::size_t{9} << 20);
  const std::string body = compress_lz4_frame(bytes_of(text));
  Lz4Stream stream = stream_of(text.size() / 2);
  ASSERT_TRUE(stream.advance(bytes_of(body)));
  const base::Buffer first = stream.unread();

  while (stream.advance(bytes_of(body))) {
  }

  EXPECT_TRUE(first.text() == text.substr(0, first.size()));
  EXPECT_TRUE(stream.unread().text() == text) << "what nobody has skipped moves along";
}

// A frame whose only checksum is that of its content: flags 64, and its header checksum.
std::string content_checksum_only(std::string_view text) {
  std::string descriptor("\x64\x70", 2);
  std::string frame("\x04\x22\x4D\x18", 4);
  frame += descriptor;
  frame += static_cast<char>(xxh32(bytes_of(descriptor)) >> 8);
  const auto word = [&](std::uint32_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    frame.append(bytes, sizeof value);
  };
  word(0x80000000U | static_cast<std::uint32_t>(text.size()));
  frame += text;
  word(0);
  word(xxh32(bytes_of(text)));
  return frame;
}

TEST(Lz4Stream, ShowsContentOnlyWhenItsChecksumIsVerified) {
  const std::string body = content_checksum_only("unverified content");
  Lz4Stream stream = stream_of(0);

  EXPECT_TRUE(stream.advance(bytes_of(body.substr(0, body.size() - 1))));
  EXPECT_EQ(stream.unread().size(), 0U);
  EXPECT_FALSE(stream.advance(bytes_of(body)));
  EXPECT_EQ(stream.unread().text(), "unverified content");
}

TEST(Lz4Stream, NoticesAWrongContentChecksumAcrossSegments) {
  const std::string text = sample_text(std::size_t{9} << 20);
  std::string body = compress_lz4_frame(bytes_of(text), {.checksums = true});
  body.back() = static_cast<char>(body.back() ^ 1);
  Lz4Stream stream = stream_of(0);

  EXPECT_EQ(capture_error([&] { read_growing(stream, body, 1 << 20); }).kind(),
            ErrorKind::CorruptResult);
}

TEST(Lz4Stream, RefusesABodyThatEndsWithinAFrame) {
  const std::string frame = compress_lz4_frame(bytes_of(sample_text(300)), {.checksums = true});
  for (std::size_t size = 0; size < frame.size(); ++size) {
    Lz4Stream stream = stream_of(300);
    const std::string body = size % 2 == 0 ? frame.substr(0, size) : frame + frame.substr(0, size);

    EXPECT_EQ(capture_error([&] { read_growing(stream, body, 64); }).kind(),
              ErrorKind::CorruptResult)
        << size;
  }
}

TEST(Lz4Stream, RefusesOutputOverTheCap) {
  const std::string zeros(10'000'000, '\0');
  const std::string body = compress_lz4_frame(bytes_of(zeros));
  Lz4Stream stream = stream_of(0, nullptr, zeros.size() - 1);

  EXPECT_EQ(capture_error([&] { read_growing(stream, body, body.size()); }).kind(),
            ErrorKind::CorruptResult);
}

TEST(Xxh32, GivesTheSameInParts) {
  const std::string text = sample_text(200);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Xxh32 hash;
    hash.update(bytes_of(text.substr(0, cut)));
    hash.update(bytes_of(text.substr(cut)));
    EXPECT_EQ(hash.digest(), xxh32(bytes_of(text))) << cut;
  }
}

}  // namespace
}  // namespace dbsql::arrow
