#pragma once

#include "base/buffer.h"
#include "protocol/thrift/wire_reader.h"

#include <cstdint>
#include <span>
#include <string_view>

/// Envelopes of the Thrift binary protocol around generated structs. The templates are instantiated
/// in message.cc for the structs this driver uses, so that only that file pays for the generated
/// code's readers and writers.
namespace dbsql::protocol::thrift {

/// One complete CALL message: what is POSTed.
template <class Request>
base::Buffer encode_call(std::string_view method, std::int32_t sequence_id, const Request& request);

/// A generated struct out of exactly its bytes. The caller has walked them
/// (`WireReader::take_struct`), so counts inside are true. \throws Error (CorruptResult) when a
/// required field is missing or the struct is unreasonably large
template <class Struct>
Struct decode_struct(std::span<const std::byte> bytes);

template <class Struct>
Struct decode_struct(WireReader& reader) {
  return decode_struct<Struct>(reader.take_struct());
}

/// The error class of errors that a server sent as a TApplicationException: it did not understand
/// the call. Their native code is the exception's type.
inline constexpr std::string_view kApplicationException = "TApplicationException";

/// Checks the envelope of a reply and moves the reader to the struct of its `success` field.
/// \throws Error (Protocol) when it is not a Thrift reply, answers another call, or carries a
/// TApplicationException
void enter_reply(WireReader& reader, std::string_view method, std::int32_t sequence_id);

}  // namespace dbsql::protocol::thrift
