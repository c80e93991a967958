#pragma once

#include <cstdint>
#include <string_view>

namespace dbsql::http {

/// What a server's words say about the compute behind it.
enum class WarehouseState : std::uint8_t {
  Unknown,
  Starting,  ///< it will serve requests soon
  Stopped,   ///< it was stopped; a request starts it, where the user may do that
  Deleted,   ///< it is gone for good: waiting cannot help
};

/// Reads the state out of an error's text and class. Texts differ between clouds and releases, and
/// none is promised: what names a warehouse, endpoint or cluster together with a state counts, and
/// so do the classes that services use for it (reference/sea.md 3.3 and 10,
/// reference/auth-http-config.md 4.7 note 3).
WarehouseState warehouse_state_in(std::string_view text, std::string_view error_class);

}  // namespace dbsql::http
