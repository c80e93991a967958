#include "otel/trace_context.h"

#include <dbsql/error.h>

#include "base/fork.h"
#include "base/text.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <utility>

namespace dbsql::otel {
namespace {

constexpr std::size_t kLength = 55;  // of version 00: 2-32-16-2 digits
constexpr std::size_t kMostMembers = 32;
constexpr std::size_t kLongestState = 4096;
constexpr std::size_t kLongestKey = 256;
constexpr std::size_t kLongestValue = 256;
constexpr std::uint8_t kKnownFlags = 0x03;  // sampled, random

/// Lower case alone: the standard has it so.
std::optional<std::uint8_t> digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

template <std::size_t Size>
bool read_hex(std::string_view text, std::array<std::uint8_t, Size>& out) noexcept {
  if (text.size() != 2 * Size) return false;
  for (std::size_t i = 0; i < Size; ++i) {
    const auto high = digit_of(text[2 * i]);
    const auto low = digit_of(text[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return true;
}

template <std::size_t Size>
bool is_zero(const std::array<std::uint8_t, Size>& id) noexcept {
  return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

/// The system's own source takes many microseconds a number: it only begins the sequence, and does
/// so again in a forked child, which would otherwise go on with its parent's ids.
std::mt19937_64& generator() {
  struct Sequence {
    int generation = -1;
    std::mt19937_64 numbers;
  };
  thread_local Sequence sequence;
  const int generation = base::fork_generation();
  if (std::exchange(sequence.generation, generation) != generation) {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device()};
    sequence.numbers.seed(seed);
  }
  return sequence.numbers;
}

template <std::size_t Size>
std::array<std::uint8_t, Size> random_id() {
  std::mt19937_64& numbers = generator();
  std::array<std::uint8_t, Size> id{};
  do {
    for (std::size_t i = 0; i < Size; i += sizeof(std::uint64_t)) {
      std::uint64_t word = numbers();
      for (std::size_t j = 0; j < sizeof(word) && i + j < Size; ++j, word >>= 8U)
        id[i + j] = static_cast<std::uint8_t>(word);
    }
  } while (is_zero(id));
  return id;
}

bool is_key(std::string_view key) noexcept {
  if (key.empty() || key.size() > kLongestKey) return false;
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  if (!is_letter_or_digit(key.front()) || std::ranges::count(key, '@') > 1) return false;
  return std::ranges::all_of(key, [&](char c) {
    return is_letter_or_digit(c) || std::string_view("_-*/@").find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) noexcept {
  if (value.empty() || value.size() > kLongestValue || value.back() == ' ') return false;
  return std::ranges::all_of(value,
                             [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::InvalidArgument, .message = std::move(message)});
}

}  // namespace

std::optional<TraceContext> parse_trace_parent(std::string_view text) {
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  if (!read_hex(text.substr(0, 2), version) || version[0] == 0xff) return std::nullopt;
  // Later versions may say more, after what this one says.
  if (text.size() > kLength && (version[0] == 0 || text[kLength] != '-')) return std::nullopt;
  if (!read_hex(text.substr(3, 32), context.trace_id) ||
      !read_hex(text.substr(36, 16), context.span_id) || !read_hex(text.substr(53, 2), flags))
    return std::nullopt;
  if (is_zero(context.trace_id) || is_zero(context.span_id)) return std::nullopt;
  context.flags = flags[0] & kKnownFlags;
  return context;
}

bool is_trace_state(std::string_view text) noexcept {
  if (text.size() > kLongestState) return false;
  std::size_t members = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view member = base::trim(text.substr(at, end - at));
    at = end + 1;
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || ++members > kMostMembers) return false;
    if (!is_key(member.substr(0, equals)) || !is_value(member.substr(equals + 1))) return false;
  }
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string to_trace_parent(const TraceContext& context) {
  const std::array<std::uint8_t, 1> flags = {context.flags};
  return base::concat("00-", base::to_hex(std::as_bytes(std::span(context.trace_id))), "-",
                      base::to_hex(std::as_bytes(std::span(context.span_id))), "-",
                      base::to_hex(std::as_bytes(std::span(flags))));
}

std::optional<TraceContext> read_context(std::string_view trace_parent,
                                         std::string_view trace_state) {
  if (trace_parent.empty()) {
    if (trace_state.empty()) return std::nullopt;
    refuse("trace_state belongs to a trace_parent, which was not given");
  }
  auto context = parse_trace_parent(trace_parent);
  if (!context)
    refuse(
        "trace_parent is no W3C traceparent, such as "
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  if (!is_trace_state(trace_state))
    refuse("trace_state is no W3C tracestate, such as vendor=value,other=value");
  context->state = trace_state;
  return context;
}

TraceContext place_below(const std::optional<TraceContext>& parent) {
  TraceContext context = parent.value_or(TraceContext{});
  if (!parent) context.trace_id = new_trace_id();
  context.span_id = new_span_id();
  return context;
}

base::Trace headers_of(const TraceContext& context) {
  return std::make_shared<const base::TraceHeaders>(
      base::TraceHeaders{to_trace_parent(context), context.state});
}

TraceId new_trace_id() { return random_id<16>(); }
SpanId new_span_id() { return random_id<8>(); }

}  // namespace dbsql::otel
