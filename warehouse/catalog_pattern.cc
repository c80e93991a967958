#include "warehouse/catalog_pattern.h"

#include "base/text.h"

#include <algorithm>

namespace dbsql::warehouse {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Bytes of one UTF-8 character at the start of `text`, at least 1.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  return size;
}

}  // namespace

NamePattern NamePattern::like(std::string_view pattern) {
  Sequence sequence;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      sequence.push_back({Element::Kind::Literal, lower(pattern[++i])});
    } else if (c == '%') {
      sequence.push_back({Element::Kind::AnyRun, c});
    } else if (c == '_') {
      sequence.push_back({Element::Kind::AnyOne, c});
    } else {
      sequence.push_back({Element::Kind::Literal, lower(c)});
    }
  }
  NamePattern result;
  result.alternatives_.push_back(std::move(sequence));
  return result;
}

NamePattern NamePattern::glob(std::string_view pattern) {
  NamePattern result;
  for (const auto alternative : base::split(pattern, '|')) {
    Sequence sequence;
    for (const char c : base::trim(alternative)) {
      const auto kind = c == '*'   ? Element::Kind::AnyRun
                        : c == '.' ? Element::Kind::AnyOne
                                   : Element::Kind::Literal;
      sequence.push_back({kind, lower(c)});
    }
    result.alternatives_.push_back(std::move(sequence));
  }
  return result;
}

NamePattern NamePattern::exact(std::string_view name) {
  Sequence sequence;
  for (const char c : name) sequence.push_back({Element::Kind::Literal, lower(c)});
  NamePattern result;
  result.alternatives_.push_back(std::move(sequence));
  return result;
}

bool NamePattern::matches(std::string_view name) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Sequence& sequence) { return matches(sequence, name); });
}

// Greedy with one point to return to: linear in practice, no recursion on hostile patterns.
bool NamePattern::matches(const Sequence& sequence, std::string_view name) {
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::size_t run = sequence.size();  // the last AnyRun; size() = none
  std::size_t run_start = 0;          // where in the name it began to match
  while (in_name < name.size()) {
    if (at < sequence.size() && sequence[at].kind == Element::Kind::AnyRun) {
      run = at++;
      run_start = in_name;
    } else if (at < sequence.size() && sequence[at].kind == Element::Kind::AnyOne) {
      in_name += character_size(name.substr(in_name));
      ++at;
    } else if (at < sequence.size() && sequence[at].literal == lower(name[in_name])) {
      ++in_name;
      ++at;
    } else if (run < sequence.size()) {
      run_start += character_size(name.substr(run_start));
      in_name = run_start;
      at = run + 1;
    } else {
      return false;
    }
  }
  return std::all_of(sequence.begin() + static_cast<std::ptrdiff_t>(at), sequence.end(),
                     [](const Element& e) { return e.kind == Element::Kind::AnyRun; });
}

}  // namespace dbsql::warehouse
