#include <dbsql/profile.h>

#include "base/text.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {
namespace {

using Duration = StatementProfile::Duration;

constexpr std::size_t kNameWidth = 12;
constexpr std::size_t kTimeWidth = 12;

std::string number_text(double number, std::string_view unit) {
  std::array<char, 48> text{};
  const int decimals = number < 9.95 ? 2 : number < 99.5 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f ", decimals, number);
  return base::concat(std::string_view(text.data()), unit);
}

std::string time_text(Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds >= 0.9995) return number_text(seconds, "s");
  if (seconds >= 0.9995e-3) return number_text(seconds * 1e3, "ms");
  return number_text(seconds * 1e6, "us");
}

std::string bytes_text(std::int64_t bytes) {
  constexpr double kStep = 1024;
  const auto size = static_cast<double>(bytes);
  if (size < kStep) return base::concat(bytes, " bytes");
  if (size < kStep * kStep) return number_text(size / kStep, "KiB");
  if (size < kStep * kStep * kStep) return number_text(size / kStep / kStep, "MiB");
  return number_text(size / kStep / kStep / kStep, "GiB");
}

std::string count_text(std::int64_t count, std::string_view one, std::string_view many) {
  return base::concat(count, " ", count == 1 ? one : many);
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += base::concat(text.empty() ? "" : ", ", piece);
  return text;
}

void append_line(std::string& out, std::string_view name, Duration time, std::string_view remark) {
  std::string line = base::concat("  ", name);
  line.resize(2 + kNameWidth, ' ');
  const std::string shown = time_text(time);
  if (shown.size() < kTimeWidth) line.append(kTimeWidth - shown.size(), ' ');
  line += shown;
  if (!remark.empty()) line += base::concat("  ", remark);
  out += line + '\n';
}

std::string submit_remark(const StatementProfile& profile) {
  if (profile.retries == 0) return {};
  return base::concat(count_text(profile.retries, "request", "requests"), " repeated so far");
}

std::string execute_remark(const StatementProfile& profile) {
  std::vector<std::string> pieces;
  if (profile.queued) pieces.push_back("queued " + time_text(*profile.queued));
  if (profile.polls > 0)
    pieces.push_back(base::concat(count_text(profile.polls, "poll", "polls"), " of ",
                                  time_text(profile.polling)));
  return joined(pieces);
}

std::string read_remark(const StatementProfile& profile) {
  std::vector<std::string> pieces;
  if (profile.first_row)
    pieces.push_back(base::concat("first row after ", time_text(*profile.first_row)));
  if (profile.pages > 0)
    pieces.push_back(base::concat(count_text(profile.pages, "page", "pages"), ", ",
                                  bytes_text(profile.page_bytes)));
  if (profile.fetch.count() > 0)
    pieces.push_back(base::concat("waited ", time_text(profile.fetch), " for pages"));
  return joined(pieces);
}

std::string consume_remark(const StatementProfile& profile) {
  if (profile.batches == 0) return {};
  return base::concat(count_text(profile.rows, "row", "rows"), " in ",
                      count_text(profile.batches, "batch", "batches"));
}

std::string download_remark(const StatementProfile& profile) {
  std::vector<std::string> pieces = {base::concat(count_text(profile.files, "file", "files"), ", ",
                                                  bytes_text(profile.file_bytes)),
                                     base::concat("slowest ", time_text(profile.slowest_download))};
  if (profile.file_retries > 0)
    pieces.push_back(count_text(profile.file_retries, "retry", "retries"));
  if (profile.file_hedges > 0) pieces.push_back(count_text(profile.file_hedges, "hedge", "hedges"));
  return joined(pieces);
}

std::string total_remark(const StatementProfile& profile) {
  std::string remark = profile.is_complete ? "" : "so far";
  if (profile.error)
    remark += base::concat(remark.empty() ? "" : ", ", "failed: ", to_string(*profile.error));
  return remark;
}

}  // namespace

std::string to_text(const StatementProfile& profile) {
  std::string out;
  append_line(out, "total", profile.total, total_remark(profile));
  append_line(out, "submit", profile.submit, submit_remark(profile));
  append_line(out, "execute", profile.execute, execute_remark(profile));
  append_line(out, "open", profile.open, {});
  append_line(out, "read", profile.read, read_remark(profile));
  append_line(out, "consume", profile.consume, consume_remark(profile));
  if (profile.files > 0) append_line(out, "(download)", profile.download, download_remark(profile));
  if (profile.decompress.count() > 0) append_line(out, "(decompress)", profile.decompress, {});
  if (profile.decoded_bytes > 0)
    append_line(out, "(decode)", profile.decode, bytes_text(profile.decoded_bytes));
  return out;
}

}  // namespace dbsql
