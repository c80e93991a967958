#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {

/// Statement text in the engine's dialect that remembers where each piece came from, so that the
/// engine's error positions can be told in terms of what the client wrote.
class SqlText {
 public:
  SqlText() = default;
  SqlText(std::string_view text, std::size_t source) { append(text, source); }

  void append(std::string_view text, std::size_t source) {
    marks_.emplace_back(text_.size(), source);
    text_ += text;
  }
  /// Text that continues the last piece.
  void append(std::string_view text) { text_ += text; }
  void append(const SqlText& other) {
    for (const auto& [at, source] : other.marks_) marks_.emplace_back(text_.size() + at, source);
    text_ += other.text_;
  }

  /// Puts text in front of position `at`.
  void insert(std::size_t at, std::string_view text) {
    text_.insert(at, text);
    for (auto& mark : marks_) {
      if (mark.first >= at) mark.first += text.size();
    }
  }
  const std::string& text() const noexcept { return text_; }
  std::size_t size() const noexcept { return text_.size(); }
  bool empty() const noexcept { return text_.empty(); }

  /// The offset in the client's statement of the piece that `position` lies in.
  std::size_t source_of(std::size_t position) const noexcept {
    std::size_t source = 0;
    for (const auto& mark : marks_) {
      if (mark.first > position) break;
      source = mark.second;
    }
    return source;
  }

 private:
  std::string text_;
  std::vector<std::pair<std::size_t, std::size_t>> marks_;  // (offset in text_, offset in source)
};

/// `text` as a string literal of the engine. \throws nothing; NUL characters become chr(0)
std::string engine_string_literal(std::string_view text);
/// `name` as an identifier of the engine, in double quotes.
std::string engine_identifier(std::string_view name);
/// The bytes as a BLOB expression of the engine.
std::string engine_blob_literal(std::string_view bytes);

}  // namespace dbsql::warehouse
