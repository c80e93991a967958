#include "session/session_changes.h"

#include "base/text.h"
#include "session/sql_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::session {

namespace {

using What = SessionChange::What;

/// More settings than any program changes: one that makes up names must not fill the memory.
constexpr std::size_t kMostSettings = 200;

SessionChange lasting(std::string name) { return {What::Lasting, std::move(name)}; }

/// One name, plain or in backticks; false when something else comes.
bool skip_name(SqlWords& words) {
  if (!words.skip('`')) return !words.next().empty();
  std::string_view rest = words.rest();
  const std::size_t end = rest.find('`');
  if (end == std::string_view::npos || end == 0) return false;
  words = SqlWords(rest.substr(end + 1));
  return !words.rest().starts_with('`');  // a doubled backtick: rare enough to be left alone
}

bool is_at_end(SqlWords& words) {
  words.skip(';');
  return words.rest().empty();
}

/// `[CATALOG | SCHEMA | DATABASE] name`, or `catalog.schema`.
SessionChange use_of(SqlWords words) {
  const SqlWords start = words;
  const std::string_view word = words.next();
  const bool names_catalog = is_word(word, "catalog");
  const bool names_schema = is_word(word, "schema") || is_word(word, "database");
  if (!names_catalog && !names_schema) words = start;
  int names = skip_name(words) ? 1 : 0;
  if (names == 1 && words.skip('.')) names += skip_name(words) ? 1 : 0;
  if (names == 0 || !is_at_end(words) || (names_catalog && names != 1))
    return lasting("a USE whose target is not plain");
  if (names_catalog) return {What::Catalog, {}};
  return {names == 2 ? What::Namespace : What::Schema, {}};
}

std::string key_of(std::string_view text) {
  std::string key = base::to_lower(base::trim(text));
  std::erase(key, '`');
  return key;
}

SessionChange set_of(SqlWords words) {
  const std::string_view rest = words.rest();
  const std::string_view word = words.next();
  if (is_word(word, "autocommit")) return {};
  if (is_word(word, "catalog")) {
    const bool is_plain = skip_name(words) && is_at_end(words);
    return is_plain ? SessionChange{What::Catalog, {}} : lasting("a SET CATALOG of no plain name");
  }
  if (is_word(word, "time") && is_word(words.next(), "zone")) return {What::Setting, "timezone"};
  if (is_word(word, "var") || is_word(word, "variable") || is_word(word, "session"))
    return lasting("a session variable");
  if (rest.starts_with('(')) return lasting("a session variable");
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return {};  // a question
  return {What::Setting, key_of(rest.substr(0, equals))};
}

SessionChange reset_of(SqlWords words) {
  std::string_view rest = words.rest();
  if (rest.ends_with(';')) rest.remove_suffix(1);
  if (base::trim(rest).empty()) return lasting("a RESET of all settings");
  return {What::Setting, key_of(rest)};
}

/// `CREATE [OR REPLACE] [GLOBAL] TEMPORARY ...`
SessionChange create_of(SqlWords words) {
  constexpr std::array<std::string_view, 3> kBefore{"or", "replace", "global"};
  std::string_view word = words.next();
  while (std::ranges::any_of(kBefore, [&](auto known) { return is_word(word, known); }))
    word = words.next();
  if (is_word(word, "temporary") || is_word(word, "temp")) return lasting("a temporary object");
  return {};
}

/// `BEGIN` of a transaction changes nothing; a script may do anything.
SessionChange begin_of(SqlWords words) {
  const std::string_view rest = words.rest();
  const bool is_transaction =
      rest.empty() || rest.front() == ';' || is_word(words.next(), "transaction");
  return is_transaction ? SessionChange{} : lasting("what a script has done");
}

}  // namespace

SessionChange change_of(std::string_view sql, bool has_parameters) {
  SqlWords words(sql);
  const std::string_view word = words.next();
  SessionChange change;
  if (is_word(word, "use")) {
    change = use_of(words);
  } else if (is_word(word, "set")) {
    change = set_of(words);
  } else if (is_word(word, "reset")) {
    change = reset_of(words);
  } else if (is_word(word, "create")) {
    return create_of(words);
  } else if (is_word(word, "begin")) {
    return begin_of(words);
  } else if (is_word(word, "declare")) {
    return lasting("a session variable");
  } else if (is_word(word, "execute")) {
    return lasting("what EXECUTE IMMEDIATE has done");
  } else if (is_word(word, "add")) {
    return lasting("an added resource");
  }
  if (change.what != What::Nothing && has_parameters)
    return lasting("a change whose value was a parameter");
  return change;
}

void SessionChanges::note(const SessionChange& change, std::string_view sql) {
  const std::lock_guard lock(mutex_);
  switch (change.what) {
    case What::Nothing:
      return;
    case What::Catalog:
      catalog_ = sql;
      schema_.reset();
      is_in_other_catalog_ = true;
      return;
    case What::Schema:
      schema_ = sql;
      return;
    case What::Namespace:
      catalog_.reset();
      schema_ = sql;
      is_in_other_catalog_ = true;
      return;
    case What::Setting:
      if (settings_.size() < kMostSettings || settings_.contains(change.key)) {
        settings_.insert_or_assign(change.key, std::string(sql));
        return;
      }
      lasting_ = "more settings than can be kept";
      return;
    case What::Lasting:
      lasting_ = change.key;
      return;
  }
}

void SessionChanges::lose_track() {
  const std::lock_guard lock(mutex_);
  lasting_ = "a change of which nobody knows whether it was made";
}

std::string SessionChanges::lasting() const {
  const std::lock_guard lock(mutex_);
  return lasting_;
}

std::vector<std::string> SessionChanges::restoring() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> statements;
  for (const auto& [key, sql] : settings_) statements.push_back(sql);
  if (catalog_) statements.push_back(*catalog_);
  if (schema_) statements.push_back(*schema_);
  return statements;
}

SessionChanges::Summary SessionChanges::summary() const {
  const std::lock_guard lock(mutex_);
  return {.is_catalog_changed = is_in_other_catalog_,
          .is_schema_changed = schema_.has_value() || is_in_other_catalog_,
          .are_settings_changed = !settings_.empty(),
          .is_lasting = !lasting_.empty()};
}

void SessionChanges::forget() {
  const std::lock_guard lock(mutex_);
  catalog_.reset();
  schema_.reset();
  is_in_other_catalog_ = false;
  settings_.clear();
  lasting_.clear();
}

}  // namespace dbsql::session
