#include "warehouse/telemetry_schema.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

namespace dbsql::warehouse {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 4096;

enum class Type : std::uint8_t { Text, Int32, Int64, Bool, Word, Object, Uuid };

struct Field {
  std::string_view name;
  Type type;
  std::string_view words = {};          // of Type::Word, apart by blanks
  std::span<const Field> members = {};  // of Type::Object
  bool is_required = false;
};

constexpr std::string_view kProxyAuth = "AUTH_UNSPECIFIED NONE BASIC SPNEGO";

constexpr Field kHostDetails[] = {
    {"host_url", Type::Text},
    {"port", Type::Int32},
    {"proxy_auth_type", Type::Word, kProxyAuth},
};

constexpr Field kSystem[] = {
    {"driver_version", Type::Text},    {"runtime_name", Type::Text},
    {"runtime_version", Type::Text},   {"runtime_vendor", Type::Text},
    {"os_name", Type::Text},           {"os_version", Type::Text},
    {"os_arch", Type::Text},           {"driver_name", Type::Text},
    {"client_app_name", Type::Text},   {"locale_name", Type::Text},
    {"char_set_encoding", Type::Text}, {"process_name", Type::Text},
};

// Without what nobody may send: accounts, tenants, key files, token endpoints, lists of hosts
// (reference/telemetry.md 3.3).
constexpr Field kConnection[] = {
    {"http_path", Type::Text},
    {"mode", Type::Word, "TYPE_UNSPECIFIED THRIFT SEA"},
    {"host_info", Type::Object, {}, kHostDetails},
    {"use_proxy", Type::Bool},
    {"auth_mech", Type::Word, "TYPE_UNSPECIFIED OTHER PAT OAUTH"},
    {"auth_flow", Type::Word,
     "TYPE_UNSPECIFIED TOKEN_PASSTHROUGH CLIENT_CREDENTIALS BROWSER_BASED_AUTHENTICATION"},
    {"auth_scope", Type::Text},
    {"use_system_proxy", Type::Bool},
    {"use_cf_proxy", Type::Bool},
    {"proxy_host_info", Type::Object, {}, kHostDetails},
    {"cf_proxy_host_info", Type::Object, {}, kHostDetails},
    {"discovery_mode_enabled", Type::Bool},
    {"use_empty_metadata", Type::Bool},
    {"support_many_parameters", Type::Bool},
    {"ssl_trust_store_type", Type::Text},
    {"check_certificate_revocation", Type::Bool},
    {"accept_undetermined_certificate_revocation", Type::Bool},
    {"http_connection_pool_size", Type::Int64},
    {"enable_sea_hybrid_results", Type::Bool},
    {"enable_complex_datatype_support", Type::Bool},
    {"allow_self_signed_support", Type::Bool},
    {"use_system_trust_store", Type::Bool},
    {"rows_fetched_per_block", Type::Int64},
    {"string_column_length", Type::Int32},
    {"enable_token_cache", Type::Bool},
    {"enable_arrow", Type::Bool},
    {"enable_direct_results", Type::Bool},
    {"enable_jwt_assertion", Type::Bool},
    {"jwt_algorithm", Type::Text},
    {"socket_timeout", Type::Int64},
    {"async_poll_interval_millis", Type::Int64},
    {"query_tags", Type::Text},
    {"enable_metric_view_metadata", Type::Bool},
    {"auto_commit", Type::Bool},
    {"fetch_auto_commit_from_server", Type::Bool},
    {"enable_geospatial_support", Type::Bool},
};

constexpr Field kVolume[] = {
    {"volume_operation_type", Type::Word, "TYPE_UNSPECIFIED PUT GET DELETE LIST QUERY"},
};

constexpr Field kChunks[] = {
    {"initial_chunk_latency_millis", Type::Int64},
    {"slowest_chunk_latency_millis", Type::Int64},
    {"total_chunks_present", Type::Int32},
    {"total_chunks_iterated", Type::Int32},
    {"sum_chunks_download_time_millis", Type::Int64},
};

constexpr Field kResultLatency[] = {
    {"result_set_ready_latency_millis", Type::Int64},
    {"result_set_consumption_latency_millis", Type::Int64},
};

constexpr Field kOperationDetail[] = {
    {"n_operation_status_calls", Type::Int32},
    {"operation_status_latency_millis", Type::Int64},
    {"operation_type", Type::Word,
     "TYPE_UNSPECIFIED CREATE_SESSION DELETE_SESSION EXECUTE_STATEMENT EXECUTE_STATEMENT_ASYNC "
     "CLOSE_STATEMENT CANCEL_STATEMENT LIST_TYPE_INFO LIST_CATALOGS LIST_SCHEMAS LIST_TABLES "
     "LIST_TABLE_TYPES LIST_COLUMNS LIST_FUNCTIONS LIST_PRIMARY_KEYS LIST_IMPORTED_KEYS "
     "LIST_EXPORTED_KEYS LIST_CROSS_REFERENCES"},
    {"is_internal_call", Type::Bool},
};

constexpr Field kOperation[] = {
    {"statement_type", Type::Word, "TYPE_UNSPECIFIED QUERY SQL UPDATE METADATA VOLUME"},
    {"is_compressed", Type::Bool},
    {"execution_result", Type::Word,
     "FORMAT_UNSPECIFIED INLINE_ARROW INLINE_JSON EXTERNAL_LINKS COLUMNAR_INLINE"},
    {"chunk_id", Type::Int64},
    {"retry_count", Type::Int64},
    {"chunk_details", Type::Object, {}, kChunks},
    {"result_latency", Type::Object, {}, kResultLatency},
    {"operation_detail", Type::Object, {}, kOperationDetail},
};

constexpr Field kError[] = {
    {"error_name", Type::Text},
    {"stack_trace", Type::Text},
};

constexpr Field kDriverLog[] = {
    {"session_id", Type::Text},
    {"sql_statement_id", Type::Text},
    {"system_configuration", Type::Object, {}, kSystem},
    {"driver_connection_params", Type::Object, {}, kConnection},
    {"auth_type", Type::Text},
    {"vol_operation", Type::Object, {}, kVolume},
    {"sql_operation", Type::Object, {}, kOperation},
    {"error_info", Type::Object, {}, kError},
    {"operation_latency_ms", Type::Int64, {}, {}, true},
};

constexpr Field kClient[] = {
    {"timestamp_millis", Type::Int64, {}, {}, true},
    {"user_agent", Type::Text, {}, {}, true},
};
constexpr Field kContext[] = {{"client_context", Type::Object, {}, kClient, true}};
constexpr Field kEntry[] = {{"sql_driver_log", Type::Object, {}, kDriverLog, true}};

constexpr Field kRecord[] = {
    {"workspace_id", Type::Int64},
    {"frontend_log_event_id", Type::Uuid, {}, {}, true},
    {"context", Type::Object, {}, kContext, true},
    {"entry", Type::Object, {}, kEntry, true},
};

bool is_listed(std::string_view words, std::string_view word) {
  const auto all = base::split(words, ' ');
  return std::find(all.begin(), all.end(), word) != all.end();
}

/// Version 4, in its usual form.
bool is_random_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (form == 'y') return c == '8' || c == '9' || c == 'a' || c == 'b';
    return form == 'x' ? is_hex : c == form;
  });
}

/// Counts and times: whole numbers, none below zero.
bool is_count(const json& value, std::int64_t most) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
  return value.get<std::int64_t>() >= 0;
}

bool is_text(const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.size() <= kLongestText;
}

std::string_view expectation_of(const Field& field) {
  switch (field.type) {
    case Type::Text:
      return "text that is neither empty nor longer than 4096 bytes";
    case Type::Int32:
    case Type::Int64:
      return "a whole number that is not negative";
    case Type::Bool:
      return "true or false";
    case Type::Word:
      return field.words;
    case Type::Object:
      return "an object";
    case Type::Uuid:
      return "a random UUID";
  }
  return {};
}

bool fits(const Field& field, const json& value) {
  switch (field.type) {
    case Type::Text:
      return is_text(value);
    case Type::Int32:
      return is_count(value, std::numeric_limits<std::int32_t>::max());
    case Type::Int64:
      return is_count(value, std::numeric_limits<std::int64_t>::max());
    case Type::Bool:
      return value.is_boolean();
    case Type::Word:
      return value.is_string() && is_listed(field.words, value.get_ref<const std::string&>());
    case Type::Object:
      return value.is_object();
    case Type::Uuid:
      return value.is_string() && is_random_uuid(value.get_ref<const std::string&>());
  }
  return false;
}

std::optional<std::string> problem_of(const json& object, std::span<const Field> fields,
                                      const std::string& place);

std::optional<std::string> problem_of_member(const Field& field, const json& value,
                                             const std::string& place) {
  if (!fits(field, value)) return base::concat(place, " must be ", expectation_of(field));
  if (field.type == Type::Object) return problem_of(value, field.members, place + ".");
  return std::nullopt;
}

/// \param place  of the object's members: their names come after it
std::optional<std::string> problem_of(const json& object, std::span<const Field> fields,
                                      const std::string& place) {
  for (const Field& field : fields) {
    if (field.is_required && !object.contains(field.name))
      return base::concat(place, field.name, " is missing");
  }
  for (const auto& [name, value] : object.items()) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&name = name](const Field& f) { return f.name == name; });
    if (field == fields.end()) return base::concat(place, name, " is no field of the record");
    if (auto problem = problem_of_member(*field, value, place + name)) return problem;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of_record(std::string_view text) {
  const json record = json::parse(text, nullptr, false);
  if (!record.is_object()) return "the record is no JSON object";
  return problem_of(record, kRecord, "");
}

}  // namespace dbsql::warehouse
