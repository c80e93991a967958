#pragma once

#include <dbsql/diagnosis.h>

#include "session/connector_options_impl.h"

namespace dbsql::session {

/// What `ConnectorOptions::diagnose()` does.
Diagnosis diagnose(const ConnectorOptions::Impl& options, const DiagnosisOptions& how);

}  // namespace dbsql::session
