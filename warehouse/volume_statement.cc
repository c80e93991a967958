#include "warehouse/volume_statement.h"

#include "base/text.h"
#include "warehouse/catalog_table.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_token.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace dbsql::warehouse {
namespace {

using Kind = VolumeStatement::Kind;

/// Reads the tokens of one statement from left to right.
class Reader {
 public:
  explicit Reader(std::string_view sql) : sql_(sql), tokens_(tokenize(sql)) {
    while (end_ > 0 && tokens_[end_ - 1].is_operator(";")) --end_;
  }

  bool take(std::initializer_list<std::string_view> words) {
    std::size_t at = at_;
    for (const auto word : words) {
      if (at >= end_ || !tokens_[at].is_word(word)) return false;
      ++at;
    }
    at_ = at;
    return true;
  }
  void expect(std::string_view word) {
    if (!take({word})) fail();
  }
  std::string take_string() {
    if (at_ >= end_ || tokens_[at_].kind != TokenKind::String) fail();
    return string_value(tokens_[at_++]);
  }
  std::vector<std::string> take_name() {
    std::vector<std::string> parts;
    do {
      if (at_ >= end_ || !tokens_[at_].is_identifier()) fail();
      parts.push_back(identifier_value(tokens_[at_++]));
    } while (at_ < end_ && tokens_[at_].is_operator(".") && ++at_ > 0);
    return parts;
  }
  void expect_end() const {
    if (at_ < end_) fail();
  }
  bool at_end() const { return at_ >= end_; }

 private:
  [[noreturn]] void fail() const {
    const bool is_end = at_ >= end_;
    throw_sql_error(
        "PARSE_SYNTAX_ERROR",
        base::concat(
            "Syntax error at or near ",
            is_end ? std::string("end of input") : base::concat("'", tokens_[at_].text, "'"), "."),
        sql_, is_end ? sql_.size() : tokens_[at_].offset);
  }

  std::string_view sql_;
  std::vector<Token> tokens_;
  std::size_t end_ = tokens_.size() - 1;
  std::size_t at_ = 0;
};

/// The first word behind blanks and comments, without reading the whole of a long statement.
std::string_view first_word(std::string_view sql) {
  for (;;) {
    sql = base::trim(sql);
    const std::string_view end = sql.starts_with("--")   ? "\n"
                                 : sql.starts_with("/*") ? "*/"
                                                         : std::string_view();
    if (end.empty()) break;
    const auto found = sql.find(end, 2);
    if (found == std::string_view::npos) return {};
    sql.remove_prefix(found + end.size());
  }
  std::size_t size = 0;
  while (size < sql.size() && ((sql[size] | 0x20) >= 'a' && (sql[size] | 0x20) <= 'z')) ++size;
  return sql.substr(0, size);
}

VolumeStatement parse_file_statement(Reader& reader, Kind kind) {
  VolumeStatement statement{.kind = kind};
  if (kind == Kind::Put) {
    statement.local_file = reader.take_string();
    reader.expect("INTO");
    statement.path = reader.take_string();
    statement.overwrite = reader.take({"OVERWRITE"});
  } else {
    statement.path = reader.take_string();
    if (kind == Kind::Get) {
      reader.expect("TO");
      statement.local_file = reader.take_string();
    }
  }
  reader.expect_end();
  return statement;
}

VolumeStatement parse_volume_ddl(Reader& reader, Kind kind) {
  VolumeStatement statement{.kind = kind};
  if (kind == Kind::Show) {
    if (reader.take({"IN"}) || reader.take({"FROM"})) statement.names = reader.take_name();
  } else {
    statement.conditional =
        kind == Kind::Create ? reader.take({"IF", "NOT", "EXISTS"}) : reader.take({"IF", "EXISTS"});
    statement.names = reader.take_name();
    if (kind == Kind::Create && reader.take({"COMMENT"})) reader.take_string();
  }
  reader.expect_end();
  return statement;
}

/// Fills in what was not written from the session's catalog and schema.
VolumeName full_name(std::vector<std::string> parts, const EngineSession& session) {
  if (parts.size() > 3) {
    throw_sql_error("PARSE_SYNTAX_ERROR", "The name of a volume has at most three parts.");
  }
  if (parts.size() < 2) parts.insert(parts.begin(), session.current_schema());
  if (parts.size() < 3) parts.insert(parts.begin(), session.current_catalog());
  return {parts[0], parts[1], parts[2]};
}

/// The text as a pattern that matches nothing else.
std::string exact_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '_' || c == '%' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

void require_schema(EngineSession& session, const std::string& catalog, const std::string& schema) {
  CatalogFilter filter;
  filter.catalog = catalog;
  filter.schema_pattern = exact_pattern(schema);
  const auto found = session.schemas(filter);
  while (const auto batch = found->next()) {
    if ((*batch)->length > 0) return;
  }
  throw_sql_error("SCHEMA_NOT_FOUND", base::concat("The schema ", quote_for_message(catalog), ".",
                                                   quote_for_message(schema), " cannot be found."));
}

void require_volume(const Volumes& volumes, const VolumeName& name) {
  if (volumes.exists(name)) return;
  throw_sql_error("UC_VOLUME_NOT_FOUND",
                  base::concat("Volume ", name.quoted(),
                               " does not exist. Please use 'SHOW VOLUMES' to list available "
                               "volumes."));
}

std::string_view name_of(Kind kind) {
  return kind == Kind::Put ? "PUT" : kind == Kind::Get ? "GET" : "REMOVE";
}

VolumePath volume_path(const VolumeStatement& statement, bool must_name_file) {
  auto path = VolumePath::parse(statement.path);
  if (path && !(must_name_file && path->file.empty())) return *std::move(path);
  throw_sql_error("INVALID_STAGING_PATH_IN_STAGING_ACCESS_QUERY",
                  base::concat("Invalid staging path in staging ", name_of(statement.kind),
                               " query: ", statement.path, "."));
}

/// The one row of a staging statement: as a result like any other, marked.
class StagingAnswer final : public EngineResult {
 public:
  StagingAnswer(std::vector<TableColumn> columns, CellRow row)
      : table_(make_table(std::move(columns), std::vector<CellRow>{std::move(row)})) {}

  Kind kind() const override { return table_->kind(); }
  bool is_staging() const override { return true; }
  const std::vector<ResultColumn>& columns() const override { return table_->columns(); }
  const ArrowSchema& arrow_schema() const override { return table_->arrow_schema(); }
  std::optional<arrow::UniqueArray> next() override { return table_->next(); }
  std::optional<std::int64_t> affected_rows() const override { return std::nullopt; }

 private:
  std::unique_ptr<EngineResult> table_;
};

/// As real servers: whether the file of a GET or a REMOVE is there, the storage will say.
std::unique_ptr<EngineResult> answer_staging(const VolumeStatement& statement,
                                             const Volumes& volumes,
                                             std::chrono::milliseconds lifetime) {
  const bool is_put = statement.kind == Kind::Put;
  const std::string_view name = name_of(statement.kind);
  if (statement.kind != Kind::Remove && statement.local_file.empty()) {
    throw_sql_error("EMPTY_LOCAL_FILE_IN_STAGING_ACCESS_QUERY",
                    base::concat("Empty local file in staging ", name, " query."));
  }
  const VolumePath path = volume_path(statement, true);
  require_volume(volumes, path.volume);
  if (is_put && !statement.overwrite && volumes.has_file(path)) {
    throw_sql_error("FILE_IN_STAGING_PATH_ALREADY_EXISTS",
                    base::concat("File in staging path ", statement.path,
                                 " already exists but OVERWRITE is not set."));
  }
  const std::string_view method =
      statement.kind == Kind::Remove ? std::string_view("DELETE") : name;
  std::vector<TableColumn> columns{text_column("operation"), text_column("presignedUrl"),
                                   text_column("headers")};
  CellRow row{text_cell(std::string(name)), text_cell(volumes.link(method, path, lifetime).url),
              text_cell(is_put ? std::string(Volumes::kPutHeaders) : "{}")};
  if (statement.kind != Kind::Remove) {
    columns.push_back(text_column("localFile"));
    row.push_back(text_cell(statement.local_file));
  }
  return std::make_unique<StagingAnswer>(std::move(columns), std::move(row));
}

std::unique_ptr<EngineResult> list_files(const VolumeStatement& statement, const Volumes& volumes) {
  const VolumePath path = volume_path(statement, false);
  require_volume(volumes, path.volume);
  const auto entries = volumes.list(path);
  if (!entries) {
    throw_sql_error("PATH_NOT_FOUND", base::concat("Path does not exist: ", statement.path, "."));
  }
  std::vector<CellRow> rows;
  for (const VolumeEntry& entry : *entries) {
    rows.push_back({text_cell(base::concat(path.to_string(), "/", entry.name)),
                    text_cell(entry.name), Cell(static_cast<std::int64_t>(entry.size)),
                    Cell(entry.modified_ms)});
  }
  return make_table({text_column("path", false), text_column("name", false),
                     column("size", TypeKind::BigInt, false),
                     column("modification_time", TypeKind::BigInt, false)},
                    std::move(rows));
}

std::unique_ptr<EngineResult> create_or_drop(const VolumeStatement& statement,
                                             EngineSession& session, Volumes& volumes) {
  const VolumeName name = full_name(statement.names, session);
  const bool exists = volumes.exists(name);
  if (statement.kind == Kind::Drop) {
    if (!exists && !statement.conditional) require_volume(volumes, name);  // throws
    if (exists) volumes.drop(name);
    return make_ddl_result();
  }
  require_schema(session, name.catalog, name.schema);
  if (exists && !statement.conditional) {
    throw_sql_error("VOLUME_ALREADY_EXISTS",
                    base::concat("Cannot create volume ", name.quoted(),
                                 " because it already exists. Choose a different name, drop or "
                                 "replace the existing object, or add the IF NOT EXISTS clause."));
  }
  volumes.create(name);
  return make_ddl_result();
}

std::unique_ptr<EngineResult> show_volumes(const VolumeStatement& statement, EngineSession& session,
                                           const Volumes& volumes) {
  auto parts = statement.names;
  if (parts.empty()) parts.push_back(session.current_schema());
  parts.emplace_back("-");
  const VolumeName scope = full_name(std::move(parts), session);
  require_schema(session, scope.catalog, scope.schema);
  std::vector<CellRow> rows;
  for (std::string& name : volumes.list(scope.catalog, scope.schema))
    rows.push_back({text_cell(scope.schema), text_cell(std::move(name))});
  return make_table({text_column("database", false), text_column("volume_name", false)},
                    std::move(rows));
}

constexpr std::array<std::pair<std::string_view, Kind>, 4> kFileVerbs{
    {{"PUT", Kind::Put}, {"GET", Kind::Get}, {"REMOVE", Kind::Remove}, {"LIST", Kind::List}}};
constexpr std::array<std::pair<std::string_view, Kind>, 3> kVolumeVerbs{
    {{"CREATE", Kind::Create}, {"DROP", Kind::Drop}, {"SHOW", Kind::Show}}};

}  // namespace

bool may_be_volume_statement(std::string_view sql) {
  const std::string_view word = first_word(sql);
  const auto is_it = [&](const auto& row) { return base::equals_ignore_case(word, row.first); };
  return std::ranges::any_of(kFileVerbs, is_it) || std::ranges::any_of(kVolumeVerbs, is_it);
}

std::optional<VolumeStatement> parse_volume_statement(std::string_view sql) {
  const std::string_view word = first_word(sql);
  for (const auto& [verb, kind] : kFileVerbs) {
    if (!base::equals_ignore_case(word, verb)) continue;
    Reader reader(sql);
    reader.expect(verb);
    return parse_file_statement(reader, kind);
  }
  for (const auto& [verb, kind] : kVolumeVerbs) {
    if (!base::equals_ignore_case(word, verb)) continue;
    Reader reader(sql);
    if (!reader.take({verb, kind == Kind::Show ? "VOLUMES" : "VOLUME"})) return std::nullopt;
    return parse_volume_ddl(reader, kind);
  }
  return std::nullopt;
}

std::unique_ptr<EngineResult> run_volume_statement(const VolumeStatement& statement,
                                                   EngineSession& session, Volumes& volumes,
                                                   std::chrono::milliseconds lifetime) {
  switch (statement.kind) {
    case Kind::Put:
    case Kind::Get:
    case Kind::Remove:
      return answer_staging(statement, volumes, lifetime);
    case Kind::List:
      return list_files(statement, volumes);
    case Kind::Create:
    case Kind::Drop:
      return create_or_drop(statement, session, volumes);
    case Kind::Show:
      return show_volumes(statement, session, volumes);
  }
  return make_ddl_result();
}

}  // namespace dbsql::warehouse
