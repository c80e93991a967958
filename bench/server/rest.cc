#include "server/rest.h"

#include <nlohmann/json.hpp>

#include <ctime>
#include <map>

namespace dbsql::bench {

namespace {

using nlohmann::json;

json columns_json(const std::vector<ColumnSpec>& columns) {
  static const std::map<char, const char*> kNames = {
      {'l', "LONG"}, {'i', "INT"}, {'g', "DOUBLE"}, {'u', "STRING"}, {'d', "DECIMAL"}};
  static const std::map<char, const char*> kNested = {
      {'l', "ARRAY"}, {'m', "MAP"}, {'s', "STRUCT"}};
  json list = json::array();
  for (const ColumnSpec& column : columns) {
    const std::string& format = column.arrow_format;
    json entry = {{"name", column.name},
                  {"type_text", column.sql_type},
                  {"type_name", format[0] == '+' ? kNested.at(format[1]) : kNames.at(format[0])},
                  {"position", list.size()}};
    if (format[0] == 'd') {
      entry["type_precision"] = 7;
      entry["type_scale"] = 2;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::string expiry_text() {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(link_expiry());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
  return text;
}

}  // namespace

std::string rest_statement(const EncodedResult& result, const FileAddress& address,
                           const std::string& statement_id) {
  json chunks = json::array();
  json links = json::array();
  std::uint64_t bytes = 0;
  const std::string expiry = expiry_text();
  for (std::int64_t file = 0; file < address.file_count; ++file) {
    const auto& page = result.pages[static_cast<std::size_t>(file) % result.pages.size()];
    bytes += page.arrow_bytes;
    chunks.push_back({{"chunk_index", file},
                      {"row_offset", file * page.rows},
                      {"row_count", page.rows},
                      {"byte_count", page.arrow_bytes}});
    json link = chunks.back();
    link["byte_count"] = page.wire_bytes;
    link["external_link"] = address.link(file);
    link["expiration"] = expiry;
    if (file + 1 < address.file_count) {
      link["next_chunk_index"] = file + 1;
      link["next_chunk_internal_link"] =
          "/api/2.0/sql/statements/" + statement_id + "/result/chunks/" + std::to_string(file + 1);
    }
    links.push_back(std::move(link));
  }
  json manifest = {
      {"format", "ARROW_STREAM"},
      {"schema",
       {{"column_count", result.columns.size()}, {"columns", columns_json(result.columns)}}},
      {"total_chunk_count", address.file_count},
      {"total_row_count", address.file_count * address.rows_per_file},
      {"total_byte_count", bytes},
      {"truncated", false},
      {"chunks", std::move(chunks)}};
  if (result.lz4) manifest["result_compression"] = "LZ4_FRAME";
  return json{{"statement_id", statement_id},
              {"status", {{"state", "SUCCEEDED"}}},
              {"manifest", std::move(manifest)},
              {"result", {{"external_links", std::move(links)}}}}
      .dump();
}

}  // namespace dbsql::bench
