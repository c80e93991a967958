#pragma once

#include "base/text.h"
#include "config/connection_config.h"
#include "config/options.h"
#include "config/values.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

// What the rows of the option table are made of; for the files that hold them.
namespace dbsql::config {

constexpr std::int64_t kHour = 3'600'000;  // in milliseconds, as durations are bounded
constexpr std::int64_t kDay = 24 * kHour;

inline std::string boolean_text(bool value) { return value ? "true" : "false"; }

/// Stores a value in the member of the configuration that the path of member pointers leads to.
template <auto... Path>
void store(ConnectionConfig& config, const OptionValue& value) {
  auto& member = (config.*....*Path);
  using Member = std::remove_reference_t<decltype(member)>;
  if constexpr (std::same_as<Member, std::string>) {
    member = value.text;
  } else if constexpr (std::same_as<Member, bool>) {
    member = value.boolean;
  } else if constexpr (std::integral<Member>) {
    member = static_cast<Member>(value.number);
  } else {
    member = std::chrono::ceil<Member>(std::chrono::milliseconds(value.number));
  }
}

/// The same member as text.
template <auto... Path>
std::string text(const ConnectionConfig& config) {
  const auto& member = (config.*....*Path);
  using Member = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::same_as<Member, std::string>) {
    return member;
  } else if constexpr (std::same_as<Member, bool>) {
    return boolean_text(member);
  } else if constexpr (std::integral<Member>) {
    return std::to_string(member);
  } else {
    return duration_text(member);
  }
}

std::span<const Option> target_options() noexcept;
std::span<const Option> session_options() noexcept;
std::span<const Option> auth_options() noexcept;
std::span<const Option> auth_method_options() noexcept;
std::span<const Option> tls_options() noexcept;
std::span<const Option> proxy_options() noexcept;
std::span<const Option> http_options() noexcept;
std::span<const Option> retry_options() noexcept;
std::span<const Option> statement_options() noexcept;
std::span<const Option> result_options() noexcept;
std::span<const Option> transaction_options() noexcept;
std::span<const Option> telemetry_options() noexcept;
std::span<const Option> log_options() noexcept;
std::span<const Option> otel_options() noexcept;

}  // namespace dbsql::config
