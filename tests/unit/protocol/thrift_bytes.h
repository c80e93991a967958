#pragma once

#include "base/buffer.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstdint>
#include <memory>
#include <span>

namespace dbsql::test {

/// The bytes of a generated struct: what a server would send.
template <class Struct>
base::Buffer thrift_bytes(const Struct& value) {
  auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
  apache::thrift::protocol::TBinaryProtocol protocol(memory);
  value.write(&protocol);
  std::uint8_t* bytes = nullptr;
  std::uint32_t size = 0;
  memory->getBuffer(&bytes, &size);
  return {memory, std::as_bytes(std::span(bytes, size))};
}

}  // namespace dbsql::test
