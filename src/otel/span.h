#pragma once

#include <dbsql/error.h>

#include "otel/trace_context.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dbsql::otel {

struct Attribute {
  std::string_view key;  ///< a literal
  std::variant<std::int64_t, std::string> value;
};

/// Something that took its time, once it is over.
struct Span {
  std::string_view name;  ///< a literal
  TraceContext context;   ///< its own place
  std::optional<SpanId> parent;
  std::optional<TraceContext> link;  ///< to a span of another trace
  std::chrono::system_clock::time_point start;
  std::chrono::nanoseconds duration{0};
  std::vector<Attribute> attributes;
  std::optional<ErrorKind> error;  ///< its kind alone: messages may hold values and names
};

}  // namespace dbsql::otel
