#include <dbsql/diagnosis.h>

#include "base/json_text.h"
#include "base/text.h"

#include <algorithm>
#include <string_view>

namespace dbsql {

namespace {

constexpr std::size_t kOutcomeWidth = 8;

std::string_view to_string(DiagnosisStep::Outcome outcome) noexcept {
  switch (outcome) {
    case DiagnosisStep::Outcome::Ok:
      return "ok";
    case DiagnosisStep::Outcome::Failed:
      return "FAILED";
    case DiagnosisStep::Outcome::Skipped:
      break;
  }
  return "skipped";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text);
  line.resize(std::max(width, line.size()), ' ');
  return line;
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  if (json.back() != '{') json += ',';
  base::append_json_string(json, name);
  json += ':';
  base::append_json_string(json, value);
}

}  // namespace

bool Diagnosis::is_healthy() const noexcept {
  return std::none_of(steps.begin(), steps.end(), [](const DiagnosisStep& step) {
    return step.outcome == DiagnosisStep::Outcome::Failed;
  });
}

std::string Diagnosis::to_text() const {
  std::size_t width = 0;
  for (const DiagnosisStep& step : steps) width = std::max(width, step.name.size());
  std::string text = origin.empty() ? std::string() : base::concat("The way to ", origin, "\n");
  for (const DiagnosisStep& step : steps) {
    text += base::concat("  ", padded(to_string(step.outcome), kOutcomeWidth), ' ',
                         padded(step.name, width), "  ", step.detail);
    if (step.elapsed.count() > 0) text += base::concat("  (", step.elapsed.count(), " ms)");
    text += '\n';
    if (!step.cure.empty())
      text += base::concat(std::string(kOutcomeWidth + width + 5, ' '), "-> ", step.cure, '\n');
  }
  return text;
}

std::string Diagnosis::to_json() const {
  std::string json = "{";
  append_member(json, "origin", origin);
  json += base::concat(",\"healthy\":", is_healthy() ? "true" : "false", ",\"steps\":[");
  for (const DiagnosisStep& step : steps) {
    json += json.back() == '[' ? "{" : ",{";
    append_member(json, "name", step.name);
    append_member(json, "outcome", base::to_lower(to_string(step.outcome)));
    append_member(json, "detail", step.detail);
    if (!step.cure.empty()) append_member(json, "cure", step.cure);
    json += base::concat(",\"elapsed_ms\":", step.elapsed.count(), '}');
  }
  return json += "]}";
}

}  // namespace dbsql
