#pragma once

#include "warehouse/http_message.h"

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// What a person is asked at the consent page.
struct ConsentQuestion {
  std::string_view client_id;
  const std::vector<std::string>& scopes;
  std::string_view user;
  std::string_view request_id;
};

/// The page with the buttons Allow and Deny, whose forms go back to where the page is.
HttpReply consent_page(const ConsentQuestion& question);

/// The page where a device's code is entered. \param user_code  filled in; may be empty
HttpReply device_page(std::string_view user_code);

/// A page that says something.
HttpReply message_page(int status, std::string_view title, std::string_view text);

}  // namespace dbsql::warehouse
