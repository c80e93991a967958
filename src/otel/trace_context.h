#pragma once

#include "base/call_context.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::otel {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

/// A place in a trace, as W3C Trace Context names it: what a caller gives, and what requests carry.
struct TraceContext {
  static constexpr std::uint8_t kSampled = 0x01;

  TraceId trace_id{};
  SpanId span_id{};
  std::uint8_t flags = kSampled;
  std::string state;  ///< `tracestate`, passed on as it came

  bool is_sampled() const noexcept { return (flags & kSampled) != 0; }
};

/// A `traceparent`; empty when it is none: then a new trace must be begun.
std::optional<TraceContext> parse_trace_parent(std::string_view text);

/// Whether a text may stand in a `tracestate`.
bool is_trace_state(std::string_view text) noexcept;

std::string to_trace_parent(const TraceContext& context);

/// What a caller gave, checked.
/// \return nothing when both are empty
/// \throws Error (InvalidArgument)
std::optional<TraceContext> read_context(std::string_view trace_parent,
                                         std::string_view trace_state);

/// A new place below one that a caller gave, or at the top of a new trace.
TraceContext place_below(const std::optional<TraceContext>& parent);

/// The headers that say so; shared by all requests of a statement.
base::Trace headers_of(const TraceContext& context);

/// Random ids, never zero; others in every thread and process, also after a fork. No secrets.
TraceId new_trace_id();
SpanId new_span_id();

}  // namespace dbsql::otel
