#pragma once

#include "arrow/ipc_message.h"
#include "arrow/ipc_reader.h"

namespace dbsql::arrow {

/// The schema in a message that was framed already; used by the readers only.
/// \throws Error (CorruptResult) when the message is of another kind
IpcSchema convert_schema(const IpcMessage& message);

}  // namespace dbsql::arrow
