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

/// Reads the state out of a refusal: of a request that came to nothing, whose text is the
/// service's own. Texts differ between clouds and releases, and none is promised: a sentence counts
/// whose subject is a warehouse, an endpoint or a cluster and which goes on with a state, and so do
/// the classes that services use for it (reference/sea.md 3.3 and 10,
/// reference/auth-http-config.md 4.7 note 3).
WarehouseState warehouse_state_in(std::string_view text, std::string_view error_class);

/// The same for a statement that failed. Its text may be about anything, and may quote anything:
/// files below `/user/hive/warehouse`, columns of the name cluster, endpoints of models. So either
/// the class says it, or the text begins with a sentence about a warehouse or a cluster by its id.
/// \param text         for people: without the names of exceptions
/// \param error_class  that the text begins with; empty = it begins with none
WarehouseState warehouse_state_in_failure(std::string_view text, std::string_view error_class);

}  // namespace dbsql::http
