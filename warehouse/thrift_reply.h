#pragma once

// For the files that speak Thrift only: brings in the Thrift library.

#include "base/buffer.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TVirtualTransport.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// Collects a reply as a list of buffers; large parts are linked in, not copied.
class ReplyBuffer final : public apache::thrift::transport::TVirtualTransport<ReplyBuffer> {
 public:
  void write(const std::uint8_t* bytes, std::uint32_t size) {
    open_.append(reinterpret_cast<const char*>(bytes), size);
  }
  void append(base::Buffer part);
  std::vector<base::Buffer> take();

 private:
  void seal();

  std::string open_;
  std::vector<base::Buffer> sealed_;
};

/// Values of the internal fields that real warehouses add to their replies (reference/observed.md
/// 2). Clients skip them; ours must prove that it does.
struct InternalFields {
  bool enabled = true;           ///< false below the Databricks protocol versions
  bool metadata_call = false;    ///< of a catalog call rather than of a statement
  std::int32_t idempotency = 2;  ///< 1 = the statement changed something, 2 = it only read
  std::int32_t no_cloud_fetch_reason = 5;
};

/// The binary protocol, with the internal fields put at the end of the structs that have them.
class ReplyProtocol final : public apache::thrift::protocol::TBinaryProtocol {
 public:
  using Base = apache::thrift::protocol::TBinaryProtocol;
  explicit ReplyProtocol(const std::shared_ptr<ReplyBuffer>& buffer)
      : Base(buffer), buffer_(*buffer) {}

  void set_internal_fields(InternalFields fields) { internal_ = fields; }
  bool databricks() const noexcept { return internal_.enabled; }

  /// Bytes that are already encoded.
  void append(base::Buffer part) { buffer_.append(std::move(part)); }
  void append(std::string part);
  /// A binary value: its length, then the bytes.
  void write_bytes(const base::Buffer& bytes);

  std::uint32_t writeStructBegin_virt(const char* name) override;
  std::uint32_t writeStructEnd_virt() override;
  std::uint32_t writeFieldStop_virt() override;

 private:
  bool inside(std::string_view name, std::size_t depth) const;
  void add_internal_fields();
  void add_bool(std::int16_t id, bool value);
  void add_i32(std::int16_t id, std::int32_t value);
  void add_i64(std::int16_t id, std::int64_t value);

  ReplyBuffer& buffer_;
  InternalFields internal_;
  std::vector<std::string_view> structs_;  // names of generated and string-literal lifetime
};

}  // namespace dbsql::warehouse
