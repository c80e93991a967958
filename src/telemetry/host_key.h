#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// One name for one host, however it is written: without scheme, blanks, trailing slashes, trailing
/// dot and the port 443, in lower case (reference/telemetry.md 1.5). Empty when nothing is left.
/// Senders, flags and breakers are kept by this name.
std::string host_key(std::string_view host);

/// Whether credentials may be sent to this host for telemetry: a plain name or address, and none
/// that leads into this machine, a private network or a cloud's metadata service, unless the
/// connection itself goes there (reference/telemetry.md 1.12).
/// \param host             as `host_key` gives it
/// \param connection_host  the host that the connection's own requests go to, likewise
bool is_safe_destination(std::string_view host, std::string_view connection_host);

/// The workspace in the path of a warehouse or cluster: `?o=123`, or `/o/123/cluster`. Empty when
/// there is none, or when it is no number.
std::string org_id_of(std::string_view http_path);

/// The path as it may be told: the shapes of warehouses and clusters without query; `other` for
/// anything else (reference/telemetry.md 5.3).
std::string path_shape(std::string_view http_path);

}  // namespace dbsql::telemetry
