#include "support/canaries.h"

#include "base/base64.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <random>

namespace dbsql::test {
namespace {

/// What base64 makes of the text behind `before` other bytes, without the characters at both ends
/// that other bytes have a part in.
std::string base64_inside(std::string_view text, std::size_t before) {
  const std::string encoded = base::base64_encode(std::string(before, 'x').append(text));
  const std::size_t first = before == 0 ? 0 : before + 1;
  const std::size_t whole = (before + text.size()) / 3 * 4;
  return encoded.substr(first, whole - first);
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::vector<std::string> forms_of(const std::string& mark) {
  std::vector<std::string> forms{mark, percent_encoded(mark),
                                 percent_encoded(mark, /*in_upper_case=*/false)};
  const std::string encoded = forms[1];
  for (std::size_t before = 0; before < 3; ++before) {
    for (const std::string& text : {mark, encoded}) {  // OAuth encodes before it joins
      forms.push_back(base64_inside(text, before));
      forms.push_back(url_alphabet(forms.back()));
    }
  }
  return forms;
}

}  // namespace

std::string percent_encoded(std::string_view text, bool in_upper_case) {
  const std::string_view digits = in_upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

std::string Canaries::make(std::string_view purpose) {
  static std::random_device random;
  std::string number;
  for (int i = 0; i < 3; ++i) number += std::to_string(random());
  std::string mark = base::concat("kanari-", purpose, "+", number);
  marks_.push_back({std::string(purpose), forms_of(mark)});
  return mark;
}

std::vector<std::string> Canaries::found_in(std::string_view text) const {
  std::vector<std::string> found;
  for (const Mark& mark : marks_) {
    for (const std::string& form : mark.forms) {
      const std::size_t at = text.find(form);
      if (at == std::string_view::npos) continue;
      const std::size_t begin = at < 100 ? 0 : at - 100;
      found.push_back(base::concat(mark.purpose, ": ", text.substr(begin, form.size() + 200)));
      break;
    }
  }
  return found;
}

}  // namespace dbsql::test
