#include <dbsql/dbsql.h>

#include "golden/types/golden_engine.h"
#include "golden/types/typed_form.h"
#include "golden/types/value_file.h"
#include "warehouse/journal.h"
#include "warehouse/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Every value of values.tsv through every way a result can travel: the same typed value, the same
// text and the same description of the column everywhere.
namespace dbsql::test {
namespace {

constexpr std::string_view kNotNull = " NOT NULL";

/// One way a result can travel.
struct Form {
  std::string_view name;  ///< as in values.tsv
  std::string_view options;
  bool by_files = false;
  std::string_view as_text;  ///< options of result.native_types that are off
};

constexpr std::string_view kEverything = "timestamp decimal nested interval void";
constexpr std::array kForms{
    Form{"inline", "", false, ""},
    Form{"files", "", true, ""},
    Form{"inline-plain", "result.lz4=false", false, ""},
    Form{"files-plain", "result.lz4=false", true, ""},
    Form{"columns", "result.format=columns", false, ""},
    Form{"text", "result.native_types=none", false, kEverything},
    Form{"text-files", "result.native_types=none", true, kEverything},
    Form{"no-timestamp", "result.native_types=decimal,nested,interval,void", false, "timestamp"},
    Form{"no-decimal", "result.native_types=timestamp,nested,interval,void", false, "decimal"},
    Form{"no-nested", "result.native_types=timestamp,decimal,interval,void", false, "nested"},
    Form{"no-interval", "result.native_types=timestamp,decimal,nested,void", false, "interval"},
    Form{"no-void", "result.native_types=timestamp,decimal,nested,interval", false, "void"},
};

/// Two warehouses over the same values: one answers inline, one sends everything as files.
class GoldenWarehouses {
 public:
  GoldenWarehouses() : values_(read_value_file(DBSQL_GOLDEN_VALUES)) {
    for (const bool by_files : {false, true}) {
      warehouse::ServerOptions options;
      if (by_files) options.service.inline_limit_bytes = 0;
      servers_[by_files] =
          std::make_unique<warehouse::Server>(std::move(options), make_golden_engine(values_));
    }
  }

  const std::vector<GoldenValue>& values() const { return values_; }
  warehouse::Server& server(bool by_files) { return *servers_.at(by_files); }

 private:
  std::vector<GoldenValue> values_;
  std::map<bool, std::unique_ptr<warehouse::Server>> servers_;
};

/// A field's name as type texts have it.
std::string field_name(const std::string& name) {
  const bool is_word = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; });
  return is_word ? name : "`" + name + "`";
}

/// The type again, out of everything that a description of a column says.
std::string described(const Column& column) {
  if (column.type == TypeId::Decimal && column.precision && column.scale)
    return "DECIMAL(" + std::to_string(*column.precision) + "," + std::to_string(*column.scale) +
           ")";
  if (column.children.empty()) return column.type_text;
  std::string nested;
  for (const Column& child : column.children) {
    nested += nested.empty() ? "" : ", ";
    if (column.type == TypeId::Struct) nested += field_name(child.name) + ": ";
    nested += described(child);
    if (column.type == TypeId::Struct && !child.nullable) nested += kNotNull;
  }
  return std::string(to_string(column.type)) + "<" + nested + ">";
}

/// Which native type switch, if any, a type belongs to.
std::string_view switch_of(std::string_view type) {
  if (type.starts_with("TIMESTAMP")) return "timestamp";
  if (type.starts_with("DECIMAL")) return "decimal";
  if (type.starts_with("INTERVAL")) return "interval";
  if (type.starts_with("VOID")) return "void";
  const bool nested =
      type.starts_with("ARRAY") || type.starts_with("MAP") || type.starts_with("STRUCT");
  return nested ? "nested" : "";
}

/// Column-based pages name a type by a number alone: no arguments, no elements, and several types
/// share one (reference/results.md 3.1).
std::string type_in_columns(std::string type) {
  if (type.ends_with(kNotNull)) type.resize(type.size() - kNotNull.size());
  for (const std::string_view shared :
       {"VARIANT", "GEOMETRY", "GEOGRAPHY", "OBJECT", "VARCHAR", "CHAR", "HYPERLOGLOG"}) {
    if (type.starts_with(shared)) return "STRING";
  }
  if (type == "TIMESTAMP_NTZ") return "TIMESTAMP";
  if (type.starts_with("INTERVAL")) {
    const bool months = type.ends_with("YEAR") || type.ends_with("MONTH");
    return months ? "INTERVAL YEAR TO MONTH" : "INTERVAL DAY TO SECOND";
  }
  return type.substr(0, type.find('<'));
}

/// What a value is in column-based pages, where values.tsv does not say: nested values are the text
/// that the server wrote, and every timestamp is an instant of the session's zone.
Expected in_columns(Expected expected) {
  const bool is_null = expected.typed == "null";
  if (switch_of(expected.type) == "nested" && !is_null)
    expected.typed = typed_form(Value(expected.text));
  if (expected.type.starts_with("TIMESTAMP_NTZ") && !is_null)
    expected.typed = "ts:" + expected.typed.substr(4) + "@UTC";
  expected.type = type_in_columns(std::move(expected.type));
  return expected;
}

class GoldenTypes : public testing::TestWithParam<Form> {
 protected:
  static void SetUpTestSuite() { warehouses() = std::make_unique<GoldenWarehouses>(); }
  static void TearDownTestSuite() { warehouses().reset(); }

  static std::unique_ptr<GoldenWarehouses>& warehouses() {
    static std::unique_ptr<GoldenWarehouses> instance;
    return instance;
  }
  static const std::vector<GoldenValue>& values() { return warehouses()->values(); }
  static warehouse::Server& server() { return warehouses()->server(GetParam().by_files); }

  /// The connection with that session zone.
  Connection& connection(const std::string& zone) {
    const auto known = connections_.find(zone);
    if (known != connections_.end()) return known->second;
    std::string dsn = server().dsn();
    dsn += dsn.find('?') == std::string::npos ? '?' : '&';
    dsn += "timezone=";
    for (const char c : zone) dsn += c == '+' ? "%2B" : std::string(1, c);
    if (!GetParam().options.empty()) dsn += "&" + std::string(GetParam().options);
    return connections_.emplace(zone, Connector::from_dsn(dsn).connect()).first->second;
  }

  static Expected expected(const GoldenValue& value) {
    const Form& form = GetParam();
    const bool is_exception = value.exceptions.contains(form.name);
    if (form.name != "columns" || is_exception) return value.expected_in(form.name);
    return in_columns(value.expected);
  }

  void check(const GoldenValue& value) {
    Expected wanted = expected(value);
    const bool is_built = value.source == "=";
    Result result =
        connection(value.zone)
            .query(is_built ? "GOLDEN " + value.id : "SELECT " + value.source + " AS v");
    const Column& column = result.schema()[0];
    const bool nullable = !wanted.type.ends_with(kNotNull);
    if (!nullable) wanted.type.resize(wanted.type.size() - kNotNull.size());
    EXPECT_EQ(column.type_text, wanted.type);
    EXPECT_EQ(described(column), wanted.type);
    EXPECT_EQ(column.nullable, nullable);
    check_arrow_form(result, value);
    int rows = 0;
    for (const RowRef row : result.rows()) {
      const bool is_null_row = rows == 1;
      EXPECT_EQ(typed_form(row[0]), is_null_row ? "null" : wanted.typed) << "row " << rows;
      EXPECT_EQ(row.text(0), is_null_row ? "NULL" : wanted.text) << "row " << rows;
      EXPECT_EQ(row[0].to_string(), row.text(0)) << "row " << rows;
      ++rows;
    }
    EXPECT_EQ(rows, is_built && !value.expected.type.ends_with(kNotNull) ? 2 : 1);
  }

  /// The switches must have done what they say.
  static void check_arrow_form(const Result& result, const GoldenValue& value) {
    const std::string_view native_switch = switch_of(value.expected.type);
    if (native_switch.empty() || GetParam().name == "columns") return;
    ArrowSchema schema = result.arrow_schema();
    const bool is_text = std::string_view(schema.children[0]->format) == "u";
    schema.release(&schema);
    EXPECT_EQ(is_text, GetParam().as_text.find(native_switch) != std::string_view::npos);
  }

  std::map<std::string, Connection> connections_;
};

TEST_P(GoldenTypes, AreTheSameEverywhere) {
  server().journal().clear();
  for (const GoldenValue& value : values()) {
    SCOPED_TRACE(value.id + " as " + std::string(GetParam().name) + ": " +
                 (value.source == "=" ? value.expected.typed : value.source));
    try {
      check(value);
    } catch (const Error& error) {
      ADD_FAILURE() << to_string(error.kind()) << ": " << error.message();
    }
  }
  EXPECT_EQ(server().journal().count("/_storage/") > 0, GetParam().by_files);
}

TEST_P(GoldenTypes, OfColumnsWithTheSameNameStayApart) {
  Result result = connection("UTC").query(
      "SELECT 1 AS a, CAST('x' AS STRING) AS a, CAST('2.50' AS DECIMAL(5,2)) AS A, 4 AS b");

  for (const auto [one, text, exact, four] :
       result.rows<std::int32_t, std::string, Decimal, std::int32_t>()) {
    EXPECT_EQ(one, 1);
    EXPECT_EQ(text, "x");
    EXPECT_EQ(exact, Decimal(0, 250, 2));
    EXPECT_EQ(four, 4);
  }
  EXPECT_EQ(result.schema().find("A"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Forms, GoldenTypes, testing::ValuesIn(kForms), [](const auto& chosen) {
  std::string name(chosen.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(GoldenFile, HoldsEnoughAndNothingTwice) {
  const auto values = read_value_file(DBSQL_GOLDEN_VALUES);
  std::map<std::string, int> ids;
  for (const GoldenValue& value : values) {
    EXPECT_EQ(++ids[value.id], 1) << value.id;
    for (const auto& [form, expected] : value.exceptions)
      EXPECT_TRUE(std::ranges::any_of(kForms, [&](const Form& one) { return one.name == form; }))
          << value.id << ": " << form;
  }
  EXPECT_GE(values.size(), 160U);
}

}  // namespace
}  // namespace dbsql::test
