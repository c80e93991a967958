#include "warehouse/identity_pages.h"

#include "base/html.h"
#include "base/text.h"
#include "warehouse/oidc_form.h"

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kStyle = R"(
    body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f7; color: #1b2733; }
    main { max-width: 26rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: .5rem;
           box-shadow: 0 1px 4px rgba(0, 0, 0, .2); }
    h1 { font-size: 1.25rem; margin-top: 0; }
    form { display: inline; }
    input[name=user_code] { display: block; font: inherit; letter-spacing: .15em; margin: 1rem 0; padding: .5rem;
                            width: 12rem; text-transform: uppercase; }
    button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem; border-radius: .25rem; border: 1px solid #8a96a3;
             background: #fff; cursor: pointer; }
    button[value=allow] { background: #1b6ef3; border-color: #1b6ef3; color: #fff; })";

HttpReply page(int status, std::string_view title, std::string_view content) {
  const std::string html =
      base::concat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
                   base::escape_html(title), "</title>\n<style>", kStyle,
                   "\n</style>\n</head>\n<body>\n<main>\n<h1>", base::escape_html(title), "</h1>\n",
                   content, "\n</main>\n</body>\n</html>\n");
  HttpReply reply{.status = status};
  reply.headers = {{"content-type", "text/html; charset=utf-8"},
                   {"cache-control", "no-store"},
                   {"content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
                   {"referrer-policy", "no-referrer"}};
  reply.body.push_back(base::Buffer::copy_of(html));
  return reply;
}

constexpr std::string_view kButtons =
    "<button id=\"allow\" name=\"decision\" value=\"allow\">Allow</button>"
    "<button id=\"deny\" name=\"decision\" value=\"deny\">Deny</button>";

}  // namespace

HttpReply consent_page(const ConsentQuestion& question) {
  std::string scopes;
  for (const std::string& scope : question.scopes)
    scopes += base::concat("<li><code>", base::escape_html(scope), "</code></li>");
  return page(200, "Local warehouse: sign in",
              base::concat("<p>You are signed in as <b>", base::escape_html(question.user),
                           "</b>. The program <b>", base::escape_html(question.client_id),
                           "</b> wants to use this warehouse in your name:</p>\n<ul>", scopes,
                           "</ul>\n<form method=\"post\">"
                           "<input type=\"hidden\" name=\"request\" value=\"",
                           base::escape_html(question.request_id), "\">", kButtons, "</form>"));
}

HttpReply device_page(std::string_view user_code) {
  return page(200, "Local warehouse: connect a device",
              base::concat("<p>Enter the code that your device shows.</p>\n<form method=\"post\">"
                           "<input name=\"user_code\" autocomplete=\"off\" autofocus value=\"",
                           base::escape_html(user_code), "\">", kButtons, "</form>"));
}

HttpReply message_page(int status, std::string_view title, std::string_view text) {
  return page(status, title, base::concat("<p>", base::escape_html(text), "</p>"));
}

}  // namespace dbsql::warehouse
