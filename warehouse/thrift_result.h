#pragma once

#include "tcli_service_types.h"
#include "warehouse/flavor.h"
#include "warehouse/operation.h"
#include "warehouse/thrift_reply.h"

namespace dbsql::warehouse {

/// What GetOperationStatus answers (reference/thrift.md 4.2, reference/observed.md 2).
tcli::TGetOperationStatusResp status_reply(const OperationStatus& status, const ReplyStyle& style);

/// What GetResultSetMetadata answers; without extensions the schema alone.
tcli::TGetResultSetMetadataResp metadata_reply(const ResultCursor& cursor, OperationType type,
                                               const ReplyStyle& style);

/// The internal fields that go with replies about this operation.
InternalFields internal_fields(OperationType type, const OperationStatus& status,
                               const ReplyStyle& style);

/// A FetchResults reply, written by hand: the rows are linked into the reply instead of being
/// copied through structs.
struct FetchReply {
  ResultPage page;
  ResultOptions::Format format = ResultOptions::Format::Arrow;
  bool has_more = false;
  std::optional<tcli::TGetResultSetMetadataResp> metadata;
};
void write_fetch_reply(ReplyProtocol& reply, FetchReply fetch);

/// The direct results of a statement (reference/thrift.md 3.2); absent parts are left out.
struct DirectResults {
  tcli::TGetOperationStatusResp operation_status;
  std::optional<tcli::TGetResultSetMetadataResp> metadata;
  std::optional<FetchReply> rows;
  bool closed = false;
};
void write_direct_results(ReplyProtocol& reply, DirectResults results);

/// Writes `field` of a struct by hand: header, content, nothing else.
template <class Content>
void write_field(apache::thrift::protocol::TProtocol& out, apache::thrift::protocol::TType type,
                 std::int16_t id, Content content) {
  out.writeFieldBegin("", type, id);
  content();
  out.writeFieldEnd();
}

/// Writes a struct by hand; `fields` writes its fields.
template <class Fields>
void write_struct(apache::thrift::protocol::TProtocol& out, const char* name, Fields fields) {
  out.writeStructBegin(name);
  fields();
  out.writeFieldStop();
  out.writeStructEnd();
}

}  // namespace dbsql::warehouse
