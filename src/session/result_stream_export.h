#pragma once

#include <dbsql/arrow_c.h>

#include "session/result_impl.h"

#include <memory>

namespace dbsql::session {

/// A result as an Arrow C stream that owns it (reference/adbc.md 1.1): errors become errno values
/// and a message, nothing is thrown through the C interface.
ArrowArrayStream export_stream(std::unique_ptr<Result::Impl> result);

}  // namespace dbsql::session
