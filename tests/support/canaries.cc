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

// Parts that no text has by chance: ten letters, and what becomes of them.
constexpr std::size_t kLetters = 10;
constexpr std::size_t kBase64 = 12;
constexpr std::size_t kHexadecimal = 2 * kLetters;

std::string hexadecimal(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return out;
}

/// Calls `use` with every part of that size.
template <class Use>
void for_each_part(std::string_view text, std::size_t size, Use use) {
  for (std::size_t at = 0; at + size <= text.size(); ++at) use(text.substr(at, size), at);
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

std::string Canaries::make_name(std::string_view purpose) {
  constexpr int kSize = 24;
  static std::random_device random;
  std::string name;
  for (int i = 0; i < kSize; ++i) name += static_cast<char>('a' + random() % 26);
  const auto keep = [&](std::string_view part, std::size_t) {
    traces_.emplace(part, std::string(purpose));
  };
  for_each_part(name, kLetters, keep);
  for_each_part(hexadecimal(name), kHexadecimal, keep);
  for (std::size_t before = 0; before < 3; ++before)
    for_each_part(base64_inside(name, before), kBase64, keep);
  return name;
}

std::vector<std::string> Canaries::traces_in(std::string_view text) const {
  std::vector<std::string> found;
  const auto look = [&](std::string_view in, std::size_t size) {
    for_each_part(in, size, [&](std::string_view part, std::size_t at) {
      const auto trace = traces_.find(part);
      if (trace == traces_.end()) return;
      const std::size_t begin = at < 100 ? 0 : at - 100;
      found.push_back(base::concat(trace->second, ": ", text.substr(begin, size + 200)));
    });
  };
  const std::string small = base::to_lower(text);
  look(small, kLetters);
  look(small, kHexadecimal);
  look(text, kBase64);
  return found;
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
