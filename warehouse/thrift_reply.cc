#include "warehouse/thrift_reply.h"

#include "warehouse/shared_text.h"

#include <utility>

namespace dbsql::warehouse {
namespace {

using apache::thrift::protocol::TType;

// Below this a part is cheaper to copy than to send as a piece of its own.
constexpr std::size_t kLinkThreshold = 16 * 1024;
constexpr std::int64_t kStatementTimeoutSeconds = 172'800;

}  // namespace

void ReplyBuffer::seal() {
  if (!open_.empty()) sealed_.push_back(to_buffer(std::exchange(open_, {})));
}

void ReplyBuffer::append(base::Buffer part) {
  if (part.size() < kLinkThreshold) {
    open_ += part.text();
    return;
  }
  seal();
  sealed_.push_back(std::move(part));
}

std::vector<base::Buffer> ReplyBuffer::take() {
  seal();
  return std::exchange(sealed_, {});
}

void ReplyProtocol::append(std::string part) { buffer_.append(to_buffer(std::move(part))); }

void ReplyProtocol::write_bytes(const base::Buffer& bytes) {
  writeI32(static_cast<std::int32_t>(bytes.size()));
  buffer_.append(bytes);
}

std::uint32_t ReplyProtocol::writeStructBegin_virt(const char* name) {
  structs_.emplace_back(name);
  return Base::writeStructBegin_virt(name);
}

std::uint32_t ReplyProtocol::writeStructEnd_virt() {
  structs_.pop_back();
  return Base::writeStructEnd_virt();
}

std::uint32_t ReplyProtocol::writeFieldStop_virt() {
  if (internal_.enabled && !structs_.empty()) add_internal_fields();
  return Base::writeFieldStop_virt();
}

bool ReplyProtocol::inside(std::string_view name, std::size_t depth) const {
  return structs_.size() > depth && structs_[structs_.size() - 1 - depth] == name;
}

void ReplyProtocol::add_internal_fields() {
  if (inside("THandleIdentifier", 0) && inside("TOperationHandle", 1)) {
    writeFieldBegin("executionVersion", TType::T_I16, 0xD01);
    writeI16(0);
  } else if (inside("TExecuteStatementResp", 0)) {
    add_bool(0xD07, true);
    add_bool(0xD08, true);
  } else if (inside("TGetOperationStatusResp", 0)) {
    add_i32(0xD02, internal_.idempotency);
    add_i64(0xD03, kStatementTimeoutSeconds);
  } else if (inside("TGetResultSetMetadataResp", 0)) {
    add_i32(0xD01, internal_.no_cloud_fetch_reason);
    if (!internal_.metadata_call) add_i64(0xD05, 0);
    add_bool(0xD08, true);
    add_bool(0xD09, true);
    if (!internal_.metadata_call) add_bool(0xD11, false);
  }
}

void ReplyProtocol::add_bool(std::int16_t id, bool value) {
  writeFieldBegin("", TType::T_BOOL, id);
  writeBool(value);
}

void ReplyProtocol::add_i32(std::int16_t id, std::int32_t value) {
  writeFieldBegin("", TType::T_I32, id);
  writeI32(value);
}

void ReplyProtocol::add_i64(std::int16_t id, std::int64_t value) {
  writeFieldBegin("", TType::T_I64, id);
  writeI64(value);
}

}  // namespace dbsql::warehouse
