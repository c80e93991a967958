#pragma once

#include "http/transport.h"

#include <string>
#include <string_view>

namespace dbsql::http {

/// What a storage service says is wrong, as one word: `NoSuchKey`, `AuthenticationFailed`; empty
/// when it says nothing. The rest of such a reply is never shown: it may repeat the signed link.
std::string storage_error_code(const Response& response);

/// Whether a storage service refused a link because it is too old, under status 400 or 403
/// (reference/results.md 2.4).
bool says_link_expired(const Response& response) noexcept;

/// The id under which the storage service has logged the request; empty when it sent none.
std::string storage_request_id(const Response& response);

/// The error of a storage service's reply that is not 2xx: kind, message, error class and status
/// are filled. A link that is too old is `LinkExpired`.
ErrorFields storage_error_of(const Request& request, const Response& response);

}  // namespace dbsql::http
