#pragma once

#include <functional>
#include <string_view>

namespace dbsql::session {

/// Tells a program an id that the server has given; an empty one is none
/// (reference/auth-http-config.md 5.4).
void tell_id(const std::function<void(std::string_view)>& callback, std::string_view id) noexcept;

}  // namespace dbsql::session
