#pragma once

#include "warehouse/engine.h"
#include "warehouse/sql_text.h"

#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Turns what the engine says about a failed statement into what a Databricks server would say:
/// error class, SQLSTATE, position in the client's own text. The engine reports errors as JSON
/// (`errors_as_json`); plain text is understood too. \param sql         the client's statement, for
/// positions; empty = no positions \param translated  what the engine was given
EngineError translate_engine_error(std::string_view engine_message, std::string_view sql,
                                   const SqlText& translated);

}  // namespace dbsql::warehouse
