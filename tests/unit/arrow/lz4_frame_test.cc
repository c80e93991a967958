#include "arrow/lz4_frame.h"

#include "arrow/xxh32.h"
#include "support/capture_error.h"
#include "unit/arrow/sample_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;
using test::bytes_of;
using test::sample_text;

std::string decompress(std::string_view body, std::size_t hint = 0,
                       std::size_t max_output = kDefaultMaxOutput) {
  return std::string(decompress_lz4_frames(bytes_of(body), hint, max_output).text());
}

ErrorKind refusal(std::string_view body) {
  return capture_error([&] { decompress(body); }).kind();
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string le32(std::uint32_t word) {
  std::string bytes(sizeof word, '\0');
  std::memcpy(bytes.data(), &word, sizeof word);
  return bytes;
}

TEST(Lz4Frame, DecompressesWhatItCompressed) {
  for (const std::size_t size : {0U, 1U, 100U, 70'000U, 5'000'000U}) {
    const std::string text = sample_text(size);

    EXPECT_EQ(decompress(compress_lz4_frame(bytes_of(text))), text);
    EXPECT_EQ(decompress(compress_lz4_frame(bytes_of(text), {.checksums = true})), text);
  }
}

TEST(Lz4Frame, WritesTheDescriptorsOfRealServers) {
  const std::string end_marker("\xFF\xFF\xFF\xFF\0\0\0\0", 8);

  EXPECT_EQ(compress_lz4_frame(bytes_of(end_marker)), from_hex("04224D18607073"
                                                               "08000080"
                                                               "FFFFFFFF00000000"
                                                               "00000000"));
  EXPECT_EQ(compress_lz4_frame(bytes_of(end_marker), {.checksums = true}),
            from_hex("04224D1874708E"
                     "08000080"
                     "FFFFFFFF00000000"
                     "86869208"
                     "00000000"
                     "86869208"));
}

TEST(Lz4Frame, ReadsTheLastFrameOfARecordedFile) {
  const std::string frame = from_hex("04224D1860707308000080FFFFFFFF0000000000000000");

  EXPECT_EQ(decompress(frame), from_hex("FFFFFFFF00000000"));
}

TEST(Lz4Frame, ReadsAllFramesOfABody) {
  const std::string schema = sample_text(500);
  const std::string batch = sample_text(90'000);
  const std::string body = compress_lz4_frame(bytes_of(schema)) +
                           compress_lz4_frame(bytes_of(batch), {.checksums = true}) +
                           compress_lz4_frame(bytes_of("12345678"));

  EXPECT_EQ(decompress(body), schema + batch + "12345678");
}

TEST(Lz4Frame, ReadsAFrameOfSixBlocksWhateverTheHint) {
  const std::string text = sample_text(std::size_t{21} << 20);
  const std::string frame = compress_lz4_frame(bytes_of(text));

  for (const std::size_t hint : {std::size_t{0}, text.size(), std::size_t{1}, text.size() / 2,
                                 text.size() - 1, std::size_t{1} << 40}) {
    EXPECT_TRUE(decompress(frame, hint) == text) << hint;
  }
}

TEST(Lz4Frame, DoesNotGrowWhenTheHintIsRight) {
  const std::string text = sample_text(std::size_t{9} << 20);
  const std::string frame = compress_lz4_frame(bytes_of(text));
  const auto before = base::BufferArena::process().stats();

  const base::Buffer content = decompress_lz4_frames(bytes_of(frame), text.size());

  const auto after = base::BufferArena::process().stats();
  EXPECT_EQ(after.fresh + after.reused, before.fresh + before.reused + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(content.data()) % 64, 0U);
}

TEST(Lz4Frame, KeepsSmallBodiesInSmallMemory) {
  const std::string text = sample_text(3000);
  const std::string frame = compress_lz4_frame(bytes_of(text));
  const auto before = base::BufferArena::process().stats().in_use_bytes;

  const base::Buffer content = decompress_lz4_frames(bytes_of(frame));

  EXPECT_LE(base::BufferArena::process().stats().in_use_bytes - before, 4 * text.size() + 64);
}

TEST(Lz4Frame, NoticesEveryChangedByteWhereChecksumsAreWritten) {
  const std::string text = sample_text(3000);
  const std::string frame = compress_lz4_frame(bytes_of(text), {.checksums = true});
  for (std::size_t i = 0; i < frame.size(); ++i) {
    std::string damaged = frame;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);

    EXPECT_EQ(refusal(damaged), ErrorKind::CorruptResult) << i;
  }
}

TEST(Lz4Frame, SkipsSkippableFrames) {
  const std::string skippable = le32(0x184D2A57) + le32(5) + "notes";
  const std::string a = compress_lz4_frame(bytes_of("first"));
  const std::string b = compress_lz4_frame(bytes_of("second"));

  EXPECT_EQ(decompress(skippable + a + skippable + b + skippable), "firstsecond");
}

TEST(Lz4Frame, RefusesABlockLargerThanTheRemainingInput) {
  std::string frame = compress_lz4_frame(bytes_of(sample_text(100'000)));
  frame.replace(7, 4, le32(0x00300000));

  EXPECT_EQ(refusal(frame), ErrorKind::CorruptResult);
}

TEST(Lz4Frame, RefusesABlockLargerThanItsFrameAllows) {
  const std::string frame =
      from_hex("04224D18607073") + le32(0x80500000) + std::string(0x500000, 'x') + le32(0);

  EXPECT_EQ(refusal(frame), ErrorKind::CorruptResult);
}

TEST(Lz4Frame, RefusesInputThatEndsAnywhere) {
  const std::string frame = compress_lz4_frame(bytes_of(sample_text(300)), {.checksums = true});
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(refusal(frame.substr(0, size)), ErrorKind::CorruptResult) << size;
  }
}

TEST(Lz4Frame, RefusesGarbageAfterTheLastFrame) {
  const std::string frame = compress_lz4_frame(bytes_of("content"));

  EXPECT_EQ(refusal(frame + "x"), ErrorKind::CorruptResult);
  EXPECT_EQ(refusal(frame + std::string(4, '\0')), ErrorKind::CorruptResult);
  EXPECT_EQ(refusal(frame + "longer garbage"), ErrorKind::CorruptResult);
}

TEST(Lz4Frame, RefusesAnEmptyBody) { EXPECT_EQ(refusal(""), ErrorKind::CorruptResult); }

TEST(Lz4Frame, RefusesOutputOverTheCap) {
  const std::string zeros(10'000'000, '\0');
  const std::string frame = compress_lz4_frame(bytes_of(zeros));

  const auto error = capture_error([&] { decompress(frame, 0, zeros.size() - 1); });

  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(decompress(frame, 0, zeros.size()).size(), zeros.size());
}

TEST(Lz4Frame, RefusesStoredBlocksOverTheCap) {
  const std::string frame =
      from_hex("04224D18607073") + le32(0x80000000U | 1000) + std::string(1000, 'x') + le32(0);

  EXPECT_EQ(capture_error([&] { decompress(frame, 0, 999); }).kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(decompress(frame, 0, 1000).size(), 1000U);
}

TEST(Lz4Frame, ReadsLinkedBlocksAndDeclaredSizes) {
  // Two linked 64 KiB-class blocks: "abcdefgh" stored, then one match of 8 bytes at distance 8 and
  // five literals.
  const std::string blocks = le32(0x80000000U | 8) + "abcdefgh" + le32(9) +
                             std::string(
                                 "\x04\x08\x00\x50"
                                 "12345",
                                 9) +
                             le32(0);
  const auto frame_with = [&](std::uint64_t size) {
    std::string descriptor("\x48\x40", 2);  // version 1, linked blocks, content size present
    descriptor.append(reinterpret_cast<const char*>(&size), sizeof size);
    const auto checksum = static_cast<char>(xxh32(bytes_of(descriptor)) >> 8);
    return le32(0x184D2204) + descriptor + checksum + blocks;
  };

  EXPECT_EQ(decompress(frame_with(21)), "abcdefghabcdefgh12345");
  EXPECT_EQ(refusal(frame_with(22)), ErrorKind::CorruptResult);
}

TEST(Lz4Frame, IsRecognisedByItsMagic) {
  EXPECT_TRUE(is_lz4_frame(bytes_of(compress_lz4_frame(bytes_of("x")))));
  EXPECT_FALSE(is_lz4_frame(bytes_of("\xFF\xFF\xFF\xFF")));
  EXPECT_FALSE(is_lz4_frame(bytes_of("\x04\x22")));
}

TEST(Xxh32, GivesThePublishedValues) {
  EXPECT_EQ(xxh32(bytes_of("")), 0x02CC5D05U);
  EXPECT_EQ(xxh32(bytes_of("a")), 0x550D7456U);
  EXPECT_EQ(xxh32(bytes_of("abc")), 0x32D153FFU);
  EXPECT_EQ(xxh32(bytes_of("Nobody inspects the spammish repetition")), 0xE2293B2FU);
}

}  // namespace
}  // namespace dbsql::arrow
