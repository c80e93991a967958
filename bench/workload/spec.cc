#include "workload/spec.h"

#include <charconv>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::string_view kPrefix = "bench ";

[[noreturn]] void refuse(std::string_view word) {
  throw std::invalid_argument(
      "bench statement: cannot use '" + std::string(word) +
      "'; known: form=arrow|columns|files pages=N rows=N batches=N distinct=N "
      "links=N delay=MS rate=MB lz4=0|1 "
      "data=ints4|strings10|decimals15|nested3|nulls4");
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
  if (text == "nested3") return DataShape::Nested3;
  if (text == "nulls4") return DataShape::Nulls4;
  refuse(word);
}

ResultForm form(std::string_view word, std::string_view text) {
  if (text == "arrow") return ResultForm::Arrow;
  if (text == "columns") return ResultForm::Columns;
  if (text == "files") return ResultForm::Files;
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
  } else if (key == "form") {
    spec.form = form(word, value);
  } else if (key == "links") {
    spec.links = number(word, value, 1, 10'000);
  } else if (key == "delay") {
    spec.delay_ms = number(word, value, 0, 60'000);
  } else if (key == "rate") {
    spec.rate_mb = number(word, value, 0, 100'000);
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
  if (spec.form == ResultForm::Columns && spec.lz4) refuse("lz4=1 with form=columns");
  if (spec.form == ResultForm::Columns && spec.data == DataShape::Nested3)
    refuse("data=nested3 with form=columns");
  return spec;
}

}  // namespace dbsql::bench
