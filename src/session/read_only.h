#pragma once

#include <string_view>

namespace dbsql::session {

/// Whether a statement certainly changes nothing, so that it may be run again without asking: its
/// first word says so. When in doubt, false; `WITH` is in doubt, for an INSERT may follow.
bool only_reads(std::string_view sql) noexcept;

}  // namespace dbsql::session
