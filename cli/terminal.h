#pragma once

#include <cstddef>
#include <string_view>

namespace dbsql::cli {

/// Columns of the terminal behind a descriptor; 80 when it does not say.
std::size_t terminal_width(int descriptor) noexcept;

/// Writes a message to standard error or another descriptor; failures are ignored: there is nowhere
/// to report them.
void write_text(int descriptor, std::string_view text) noexcept;

}  // namespace dbsql::cli
