#include "warehouse/catalog_note.h"

#include <nlohmann/json.hpp>

namespace dbsql::warehouse {
namespace {

using nlohmann::json;

constexpr char kMark = '\x1f';  // no comment of a person starts with it

json to_json(const KeyNote& key) {
  return {{"name", key.name},
          {"columns", key.columns},
          {"parent", key.parent},
          {"parent_columns", key.parent_columns}};
}

std::vector<std::string> strings(const json& object, const char* key) {
  std::vector<std::string> values;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return values;
  for (const auto& value : *found) {
    if (value.is_string()) values.push_back(value.get<std::string>());
  }
  return values;
}

std::string string(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

KeyNote key_from_json(const json& object) {
  return {.name = string(object, "name"),
          .columns = strings(object, "columns"),
          .parent = strings(object, "parent"),
          .parent_columns = strings(object, "parent_columns")};
}

std::string marked(const json& object) {
  return kMark + object.dump(-1, ' ', false, json::error_handler_t::replace);
}

json unmarked(std::string_view stored) {
  if (stored.empty() || stored.front() != kMark) return nullptr;
  return json::parse(stored.substr(1), nullptr, false);
}

}  // namespace

bool needs_note(const SqlType& type) {
  return type.kind == TypeKind::Char || type.kind == TypeKind::Varchar ||
         type.kind == TypeKind::YearMonthInterval || type.kind == TypeKind::DayTimeInterval;
}

std::string encode_note(const TableNote& note) {
  if (!note.external && !note.primary_key && note.foreign_keys.empty()) return note.comment;
  json object{{"comment", note.comment}};
  if (note.external) object["external"] = true;
  if (note.primary_key) object["primary_key"] = to_json(*note.primary_key);
  for (const auto& key : note.foreign_keys) object["foreign_keys"].push_back(to_json(key));
  return marked(object);
}

TableNote decode_table_note(std::string_view stored) {
  const auto object = unmarked(stored);
  if (!object.is_object()) return {.comment = std::string(stored)};
  TableNote note{.comment = string(object, "comment"), .external = object.contains("external")};
  if (object.contains("primary_key")) note.primary_key = key_from_json(object["primary_key"]);
  if (const auto keys = object.find("foreign_keys"); keys != object.end() && keys->is_array()) {
    for (const auto& key : *keys) note.foreign_keys.push_back(key_from_json(key));
  }
  return note;
}

std::string encode_note(const ColumnRemark& remark) {
  if (!remark.declared) return remark.comment;
  return marked({{"comment", remark.comment}, {"type", type_text(*remark.declared)}});
}

ColumnRemark decode_column_remark(std::string_view stored) {
  const auto object = unmarked(stored);
  if (!object.is_object()) return {.comment = std::string(stored)};
  return {.comment = string(object, "comment"), .declared = parse_type(string(object, "type"))};
}

}  // namespace dbsql::warehouse
