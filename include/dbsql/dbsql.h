#pragma once

/// Everything a program needs: connect, run statements, read results. See README.md for a tour.

#include <dbsql/arrow_c.h>
#include <dbsql/auth_explanation.h>
#include <dbsql/connection.h>
#include <dbsql/connection_pool.h>
#include <dbsql/connector.h>
#include <dbsql/connector_options.h>
#include <dbsql/diagnosis.h>
#include <dbsql/error.h>
#include <dbsql/error_info.h>
#include <dbsql/execute_options.h>
#include <dbsql/log.h>
#include <dbsql/metadata.h>
#include <dbsql/profile.h>
#include <dbsql/quote.h>
#include <dbsql/result.h>
#include <dbsql/row.h>
#include <dbsql/schema.h>
#include <dbsql/staging.h>
#include <dbsql/statement_handle.h>
#include <dbsql/statement_state.h>
#include <dbsql/telemetry.h>
#include <dbsql/token_provider.h>
#include <dbsql/transaction.h>
#include <dbsql/value.h>
#include <dbsql/version.h>
