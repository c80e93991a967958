#pragma once

#include "tcli_service_types.h"
#include "warehouse/engine.h"
#include "warehouse/flavor.h"
#include "warehouse/operation.h"

#include <string>
#include <string_view>

namespace dbsql::warehouse {

tcli::TStatus success_status();

/// The status that carries an error of the engine (reference/thrift.md 4.1, reference/observed.md
/// 3).
tcli::TStatus error_status(const EngineError& error, ErrorStyle style);

/// A refusal by the service itself, with the stack-like lines that real servers send.
tcli::TStatus service_error(std::string_view sqlstate, std::string_view message, ErrorStyle style);

/// reference/thrift.md 4.3.
tcli::TStatus invalid_operation(const tcli::TOperationHandle& handle, ErrorStyle style);
tcli::TStatus invalid_session(const tcli::TSessionHandle& handle, ErrorStyle style);

/// The technical text of an error: `Error running query: [CLASS] exception.class: ...`, with what
/// the style leaves out and adds.
std::string technical_message(const EngineError& error, ErrorStyle style);
std::string error_details_json(const EngineError& error);
/// The technical text and a stack, as one text.
std::string diagnostic_info(const EngineError& error);

/// What a statement that was cancelled or timed out says where an error must be said.
EngineError interruption_error(OperationState state);

}  // namespace dbsql::warehouse
