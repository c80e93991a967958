#pragma once

#include "protocol/backend.h"
#include "protocol/thrift/wire_reader.h"

#include <optional>

/// Reads the parts of a reply that carry result data, without copying it: pages alias the received
/// body. The generated code would copy every batch and every string
/// (docs/decisions/0003-thrift.md); it is used for small structs only.
namespace dbsql::tcli {
class TStatus;
class TGetOperationStatusResp;
class TOperationHandle;
}  // namespace dbsql::tcli

namespace dbsql::protocol::thrift {

/// TFetchResultsResp (reference/thrift.md 2.2, 3.5).
struct FetchReply {
  std::shared_ptr<const tcli::TStatus> status;
  Page page;
  std::optional<ResultMetadata> metadata;
};

/// TGetResultSetMetadataResp (reference/thrift.md 3.4).
struct MetadataReply {
  std::shared_ptr<const tcli::TStatus> status;
  ResultMetadata metadata;
};

/// TExecuteStatementResp with its direct results (reference/thrift.md 3.2).
struct ExecuteReply {
  std::shared_ptr<const tcli::TStatus> status;
  std::shared_ptr<const tcli::TOperationHandle> operation;
  std::shared_ptr<const tcli::TGetOperationStatusResp> operation_status;
  std::optional<MetadataReply> metadata;
  std::optional<FetchReply> first_page;
  bool closed_by_server = false;  ///< directResults.closeOperation was present
  std::shared_ptr<const tcli::TStatus> close_status;
};

/// \param reader  at the struct's first field, over the bytes of `body`
/// \throws Error (CorruptResult) when the bytes are not such a struct; (NotSupported) for row-based
/// pages
FetchReply read_fetch_reply(WireReader& reader, const base::Buffer& body);
MetadataReply read_metadata_reply(WireReader& reader, const base::Buffer& body);
ExecuteReply read_execute_reply(WireReader& reader, const base::Buffer& body);

}  // namespace dbsql::protocol::thrift
