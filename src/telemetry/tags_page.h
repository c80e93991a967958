#pragma once

#include <string>

namespace dbsql::telemetry {

/// The allow-list as the tables of docs/telemetry.md: what is sent, by kind of record, and what
/// stays on this machine.
std::string tags_page();

}  // namespace dbsql::telemetry
