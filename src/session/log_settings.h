#pragma once

#include "config/log_options.h"

namespace dbsql::session {

/// Makes the process's log what a connector's options ask for; what they leave open stays.
/// \throws ConfigurationError  the file cannot be opened
void apply_log_options(const config::LogOptions& options);

}  // namespace dbsql::session
