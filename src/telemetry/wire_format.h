#pragma once

#include "telemetry/record.h"

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// One record as the JSON document that is sent: the lines of the allow-list that its kind may
/// have, in their order, and of these the ones that are known (reference/telemetry.md 3.2, 3.3).
std::string to_json(const Record& record);

/// The body of one export (reference/telemetry.md 3.1). Each document is a string in it: JSON
/// within JSON.
std::string export_body(std::span<const std::string> documents,
                        std::chrono::system_clock::time_point upload_time);

/// How much of a body a document takes.
std::size_t size_in_body(std::string_view document) noexcept;

/// A random UUID (version 4); empty when the system has no randomness to give.
std::string random_event_id();

}  // namespace dbsql::telemetry
