#pragma once

#include "http/transport.h"

namespace dbsql::http {

/// Whether a header may be sent: it has a name, and no line break with which its value could write
/// headers of its own.
bool is_clean(const Header& header) noexcept;

}  // namespace dbsql::http
