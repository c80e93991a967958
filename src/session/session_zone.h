#pragma once

#include "base/call_context.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"

#include <optional>
#include <string>

namespace dbsql::session {

/// The zone in which a session shows timestamps, as the server names it now. One statement: asked
/// only for results whose timestamps come as text, and each time anew, since any statement may have
/// changed it. \return empty when the server has no name for it, as old ones have not
/// \throws Error when the call's time is up or the connection is lost
std::optional<std::string> ask_time_zone(protocol::Session& session,
                                         const result::CloudFetchEnvironment& files,
                                         const base::CallContext& call);

}  // namespace dbsql::session
