#pragma once

#include <string>
#include <string_view>

namespace dbsql::base {

/// A text as it stands in a page, between tags or inside a quoted attribute: nothing of it is
/// markup.
std::string escape_html(std::string_view text);

}  // namespace dbsql::base
