#pragma once

#include "workload/spec.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The calls of a client, as Thrift messages, with the options that the driver sends.
namespace dbsql::bench {

std::string open_session_message();
std::string execute_message(std::string_view session_guid, std::string_view statement, bool lz4,
                            ResultForm form);
std::string fetch_message(std::string_view operation_guid);
std::string close_operation_message(std::string_view operation_guid);
std::string close_session_message(std::string_view session_guid);

/// The 16 bytes of the handle in a reply to OpenSession (`field` 3) or ExecuteStatement (2).
std::string guid_in(std::span<const char> reply, std::int16_t field);

}  // namespace dbsql::bench
