#pragma once

#include "http/transport.h"

#include <curl/curl.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dbsql::http {

/// The headers of one request in libcurl's list form, in two allocations instead of two for each
/// header.
///
/// Ownership: libcurl reads the list in place: it must stay where it is, unchanged, until the
/// transfer is over.
class HeaderList {
 public:
  /// \param extra  finished lines, for instance "Expect:" to leave out what libcurl would add
  HeaderList(const Headers& headers, std::span<const std::string_view> extra) {
    std::size_t size = 0;
    for (const Header& header : headers) size += header.name.size() + header.value.size() + 3;
    for (const auto line : extra) size += line.size() + 1;
    text_.reserve(size);
    nodes_.reserve(headers.size() + extra.size());
    for (const Header& header : headers) add(header);
    for (const auto line : extra) add_line(line, {});
  }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  curl_slist* get() noexcept { return nodes_.empty() ? nullptr : nodes_.data(); }

 private:
  void add(const Header& header) {
    if (header.value.empty()) {
      add_line(header.name, ";");  // libcurl's way to write a header without a value
    } else {
      const std::size_t start = text_.size();
      text_.append(header.name).append(": ").append(header.value).push_back('\0');
      link(start);
    }
  }
  void add_line(std::string_view line, std::string_view end) {
    const std::size_t start = text_.size();
    text_.append(line).append(end).push_back('\0');
    link(start);
  }
  void link(std::size_t start) {
    nodes_.push_back({text_.data() + start, nullptr});
    if (nodes_.size() > 1) nodes_[nodes_.size() - 2].next = &nodes_.back();
  }

  std::string text_;               // reserved in full: never moves
  std::vector<curl_slist> nodes_;  // likewise
};

}  // namespace dbsql::http
