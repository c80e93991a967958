#include "arrow/ipc_message.h"

#include <dbsql/error.h>

#include "arrow/type.h"
#include "base/text.h"

#include <arrow_ipc_generated.h>

#include <algorithm>
#include <cstring>

namespace dbsql::arrow {
namespace {

constexpr std::uint32_t kContinuation = 0xFFFFFFFFU;
constexpr std::size_t kMaxMetadata = std::size_t{256} << 20;

// The metadata is read in place, which needs it at an address divisible by eight.
base::Buffer aligned(base::Buffer bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0) return bytes;
  return base::Buffer::copy_of(bytes.text());
}

const ipc::Message* verified(const base::Buffer& metadata) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(metadata.data());
  // Tables may be shared in hostile metadata, so that a few bytes unfold into millions of fields.
  // Honest writers spend at least four bytes on each table. A field takes two levels of tables.
  const auto max_tables = static_cast<flatbuffers::uoffset_t>(metadata.size() / 4 + 16);
  constexpr flatbuffers::uoffset_t kMaxDepth = 2 * kMaxNesting + 16;
  flatbuffers::Verifier verifier(bytes, metadata.size(), kMaxDepth, max_tables);
  if (!ipc::VerifyMessageBuffer(verifier)) {
    throw_corrupt_ipc("the metadata of a message is malformed");
  }
  return ipc::GetMessage(bytes);
}

void check_version(const ipc::Message& message) {
  const auto version = message.version();
  if (version == ipc::MetadataVersion::V4 || version == ipc::MetadataVersion::V5) return;
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat("Arrow metadata version ", static_cast<int>(version) + 1,
                                       " is not supported; versions 4 and 5 are")});
}

}  // namespace

void throw_corrupt_ipc(std::string_view problem) {
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = base::concat("the Arrow result is damaged: ", problem,
                                       "; run the statement again")});
}

bool IpcMessage::is_whole(const base::Buffer& bytes, std::size_t position) {
  std::uint32_t size = kContinuation;
  for (int words = 0; words < 2 && size == kContinuation; ++words) {
    if (bytes.size() - position < sizeof size) return false;
    std::memcpy(&size, bytes.data() + position, sizeof size);
    position += sizeof size;
  }
  if (size > kMaxMetadata) return true;
  if (size > bytes.size() - position) return false;
  if (size == 0) return true;
  const base::Buffer metadata = aligned(bytes.slice(position, size));
  const std::int64_t body_size = verified(metadata)->body_length();
  return body_size < 0 || static_cast<std::uint64_t>(body_size) <= bytes.size() - position - size;
}

std::optional<IpcMessage> IpcMessage::read(const base::Buffer& bytes, std::size_t& position) {
  const auto take_word = [&] {
    std::uint32_t word;
    if (bytes.size() - position < sizeof word) {
      throw_corrupt_ipc("it ends in the middle of a message's length");
    }
    std::memcpy(&word, bytes.data() + position, sizeof word);
    position += sizeof word;
    return word;
  };
  std::uint32_t size = take_word();
  if (size == kContinuation) size = take_word();  // absent in streams of Arrow before 0.15
  if (size == 0) return std::nullopt;
  if (size > kMaxMetadata || size > bytes.size() - position) {
    throw_corrupt_ipc(base::concat("a message announces ", size, " bytes of metadata where ",
                                   bytes.size() - position, " are left"));
  }
  IpcMessage message;
  message.metadata_ = aligned(bytes.slice(position, size));
  message.table_ = verified(message.metadata_);
  check_version(*message.table_);
  position += size;
  const std::int64_t body_size = message.table_->body_length();
  if (body_size < 0 || static_cast<std::uint64_t>(body_size) > bytes.size() - position) {
    throw_corrupt_ipc(base::concat("a message announces a body of ", body_size, " bytes where ",
                                   bytes.size() - position, " are left"));
  }
  message.body_ = bytes.slice(position, static_cast<std::size_t>(body_size));
  position += static_cast<std::size_t>(body_size);
  return message;
}

IpcMessage IpcMessage::read_single(const base::Buffer& bytes) {
  std::size_t position = 0;
  auto message = read(bytes, position);
  if (!message) throw_corrupt_ipc("an end marker came where a message was expected");
  if (position != bytes.size()) {
    throw_corrupt_ipc(base::concat(bytes.size() - position, " bytes follow the message"));
  }
  return std::move(*message);
}

}  // namespace dbsql::arrow
