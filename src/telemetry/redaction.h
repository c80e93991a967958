#pragma once

#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// Letters, digits, '-' and '_', one to 128 of them: what servers make ids of.
bool is_identifier(std::string_view text) noexcept;

/// Text of people as it may be told: without anything that looks like a secret, a home folder or a
/// share (reference/telemetry.md 5.3), at most `longest` bytes, valid UTF-8.
std::string redacted(std::string_view text, std::size_t longest);

/// The file name of a program: without folder, extension and arguments, at most 64 bytes.
std::string program_name(std::string_view command);

}  // namespace dbsql::telemetry
