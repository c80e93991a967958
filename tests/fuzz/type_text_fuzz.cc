// links: dbsql_result
#include "result/text_value.h"
#include "result/type_text.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Type text and a value of that type, separated by a line break: both come from servers. What is
/// understood must read back from its own text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const auto type = dbsql::result::parse_type_text(input.substr(0, line));
  if (!type) return 0;
  const std::string text = dbsql::result::type_text_of(*type);
  const auto again = dbsql::result::parse_type_text(text);
  if (!again || dbsql::result::type_text_of(*again) != text) std::abort();

  if (line == std::string_view::npos) return 0;
  if (const auto value = dbsql::result::parse_value(*type, input.substr(line + 1)))
    static_cast<void>(value->to_string());
  return 0;
}
