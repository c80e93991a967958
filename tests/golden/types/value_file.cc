#include "golden/types/value_file.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace dbsql::test {

namespace {

/// `\t`, `\n`, `\r`, `\\` and `\xHH`.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    constexpr std::string_view kEscapes = "tnr\\";
    constexpr std::string_view kMeanings = "\t\n\r\\";
    const char escape = i + 1 < text.size() ? text[i + 1] : '\0';
    if (const std::size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      out += kMeanings[known];
      i += 1;
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(std::min(i + 2, text.size()), 2);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16).ptr;
    if (escape != 'x' || digits.size() != 2 || end != digits.data() + 2)
      throw std::runtime_error("unknown escape in " + std::string(text));
    out += static_cast<char>(byte);
    i += 3;
  }
  return out;
}

struct Line {
  std::vector<std::string> cells;

  std::string_view form() const { return cells[1]; }
};

/// `"` stands for the cell above.
Line read_line(std::string_view text, const Line& above) {
  constexpr std::size_t kColumns = 7;
  Line line;
  for (const std::string_view cell : base::split(text, '\t')) line.cells.push_back(unescape(cell));
  if (line.cells.size() != kColumns) throw std::runtime_error("a line has not seven cells");
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (line.cells[i] == "\"" && !above.cells.empty()) line.cells[i] = above.cells[i];
  }
  return line;
}

void add(std::vector<GoldenValue>& values, const Line& line) {
  Expected expected{.type = line.cells[4], .text = line.cells[5], .typed = line.cells[6]};
  if (line.form() == "*") {
    values.push_back({.id = line.cells[0],
                      .zone = line.cells[2],
                      .source = line.cells[3],
                      .expected = std::move(expected),
                      .exceptions = {}});
    return;
  }
  if (values.empty() || values.back().id != line.cells[0])
    throw std::runtime_error("an exception stands apart from its value");
  for (const std::string_view form : base::split(line.form(), ','))
    values.back().exceptions.emplace(form, expected);
}

}  // namespace

const Expected& GoldenValue::expected_in(std::string_view form) const {
  const auto exception = exceptions.find(form);
  return exception == exceptions.end() ? expected : exception->second;
}

std::vector<GoldenValue> read_value_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("there is no " + path);
  std::vector<GoldenValue> values;
  Line above;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (text.empty() || text.starts_with('#')) continue;
    try {
      above = read_line(text, above);
      add(values, above);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(base::concat(path, ":", number, ": ", error.what()));
    }
  }
  return values;
}

}  // namespace dbsql::test
