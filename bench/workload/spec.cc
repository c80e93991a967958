#include "workload/spec.h"

#include <charconv>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::string_view kPrefix = "bench ";

[[noreturn]] void refuse(std::string_view word) {
  throw std::invalid_argument("bench statement: cannot use '" + std::string(word) +
                              "'; known: pages=N rows=N batches=N distinct=N lz4=0|1 "
                              "data=ints4|strings10|decimals15");
}

std::int64_t number(std::string_view word, std::string_view text, std::int64_t minimum,
                    std::int64_t maximum) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(word);
  if (value < minimum || value > maximum) refuse(word);
  return value;
}

DataShape shape(std::string_view word, std::string_view text) {
  if (text == "ints4") return DataShape::Ints4;
  if (text == "strings10") return DataShape::Strings10;
  if (text == "decimals15") return DataShape::Decimals15;
  refuse(word);
}

void apply(PagesSpec& spec, std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) refuse(word);
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "pages") {
    spec.pages = number(word, value, 1, 1'000'000);
  } else if (key == "rows") {
    spec.rows = number(word, value, 1, 10'000'000);
  } else if (key == "batches") {
    spec.batches = number(word, value, 1, 100'000);
  } else if (key == "distinct") {
    spec.distinct = number(word, value, 1, 1'000);
  } else if (key == "lz4") {
    spec.lz4 = number(word, value, 0, 1) == 1;
  } else if (key == "data") {
    spec.data = shape(word, value);
  } else {
    refuse(word);
  }
}

}  // namespace

std::optional<PagesSpec> PagesSpec::parse(std::string_view statement) {
  if (!statement.starts_with(kPrefix)) return std::nullopt;
  statement.remove_prefix(kPrefix.size());
  PagesSpec spec;
  while (!statement.empty()) {
    const auto blank = statement.find(' ');
    const std::string_view word = statement.substr(0, blank);
    if (!word.empty()) apply(spec, word);
    statement.remove_prefix(blank == std::string_view::npos ? statement.size() : blank + 1);
  }
  if (spec.batches > spec.rows) refuse("batches greater than rows");
  return spec;
}

}  // namespace dbsql::bench
