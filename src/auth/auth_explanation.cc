#include <dbsql/auth_explanation.h>

#include "base/one_line.h"
#include "base/text.h"

#include <algorithm>

namespace dbsql {
namespace {

std::string_view mark_of(AuthAttempt::Outcome outcome) {
  switch (outcome) {
    case AuthAttempt::Outcome::Chosen:
      return "used";
    case AuthAttempt::Outcome::PassedOver:
      return "passed over";
    case AuthAttempt::Outcome::NotReached:
      return "not reached";
  }
  return "?";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string column(text);
  column.resize(std::max(width, column.size()), ' ');
  return column;
}

}  // namespace

std::string AuthExplanation::method() const {
  const auto chosen = std::find_if(attempts.begin(), attempts.end(), [](const AuthAttempt& each) {
    return each.outcome == AuthAttempt::Outcome::Chosen;
  });
  return chosen == attempts.end() ? std::string() : chosen->method;
}

std::string AuthExplanation::to_text() const {
  std::string text;
  if (!origin.empty()) text += base::concat("Authentication for ", origin, "\n");
  if (!rule.empty()) text += base::concat(rule, "\n");
  std::size_t width = 0;
  for (const AuthAttempt& attempt : attempts) width = std::max(width, attempt.method.size());
  constexpr std::size_t kMarkWidth = std::string_view("not reached").size();
  for (const AuthAttempt& attempt : attempts) {
    text += base::concat("  ", padded(mark_of(attempt.outcome), kMarkWidth), "  ",
                         padded(attempt.method, width), "  ", base::one_line(attempt.reason), "\n");
  }
  if (!failure.empty()) text += base::concat("This fails: ", base::one_line(failure), "\n");
  return text;
}

}  // namespace dbsql
