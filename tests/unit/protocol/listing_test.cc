#include "protocol/listing.h"

#include "protocol/listing_page.h"
#include "support/scripted_operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ListingRequest::Kind;
using Texts = std::vector<std::optional<std::string>>;
using Numbers = std::vector<std::optional<std::int32_t>>;

void put_i32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

/// A page as a server sends it, column by column.
class PageBuilder {
 public:
  PageBuilder& text(const Texts& cells) {
    std::string values;
    for (const auto& cell : cells) {
      put_i32(values, static_cast<std::uint32_t>(cell.value_or("").size()));
      values += cell.value_or("");
    }
    return add(WireColumn::Kind::String, cells, std::move(values));
  }
  PageBuilder& integers(const Numbers& cells) {
    std::string values;
    for (const auto& cell : cells) put_i32(values, static_cast<std::uint32_t>(cell.value_or(0)));
    return add(WireColumn::Kind::Int32, cells, std::move(values));
  }
  Page finish() const {
    ColumnarRows rows{.columns = columns_, .owner = base::Buffer(memory_, {})};
    return Page{.rows = std::move(rows)};
  }

 private:
  template <class Cells>
  PageBuilder& add(WireColumn::Kind kind, const Cells& cells, std::string values) {
    std::string nulls((cells.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i]) nulls[i / 8] = static_cast<char>(nulls[i / 8] | (1 << (i % 8)));
    }
    memory_->push_back(std::make_unique<std::string>(std::move(values)));
    memory_->push_back(std::make_unique<std::string>(std::move(nulls)));
    const auto bytes = [](const std::string& text) {
      return std::as_bytes(std::span(text.data(), text.size()));
    };
    columns_.push_back({.kind = kind,
                        .count = static_cast<std::int64_t>(cells.size()),
                        .values = bytes(*(*memory_)[memory_->size() - 2]),
                        .nulls = bytes(*memory_->back())});
    return *this;
  }

  std::vector<WireColumn> columns_;
  std::shared_ptr<std::vector<std::unique_ptr<std::string>>> memory_ =
      std::make_shared<std::vector<std::unique_ptr<std::string>>>();
};

/// One column of a page as text; NULL as "NULL".
std::vector<std::string> column_of(const Page& page, std::size_t index) {
  const WireColumn& column = std::get<ColumnarRows>(page.rows).columns.at(index);
  std::vector<std::string> texts;
  for (const auto& cell : cells_of(column)) {
    if (!cell) {
      texts.emplace_back("NULL");
    } else if (column.kind == WireColumn::Kind::Int32) {
      std::uint32_t value = 0;
      for (const char byte : *cell) value = (value << 8) | static_cast<unsigned char>(byte);
      texts.push_back(std::to_string(static_cast<std::int32_t>(value)));
    } else {
      texts.emplace_back(*cell);
    }
  }
  return texts;
}

std::unique_ptr<Operation> listing_of(const ListingRequest& request,
                                      std::vector<ColumnDescription> columns,
                                      const std::vector<Page>& pages) {
  auto operation = std::make_unique<test::ScriptedOperation>();
  operation->result_metadata.columns = std::move(columns);
  for (const Page& page : pages) operation->add(page);
  return normalise_listing(std::move(operation), request);
}

const std::vector<ColumnDescription> kTables{
    {.name = "TABLE_CAT"}, {.name = "TABLE_SCHEM"}, {.name = "TABLE_NAME"}, {.name = "TABLE_TYPE"}};
const std::vector<ColumnDescription> kColumns{{.name = "TABLE_CAT"},
                                              {.name = "TABLE_SCHEM"},
                                              {.name = "TABLE_NAME"},
                                              {.name = "ORDINAL_POSITION"}};

TEST(Listing, KeepsTheRowsOfTheCatalogAskedForAndThoseWithoutOne) {
  PageBuilder page;
  page.text({"my_cat", "myXcat", "MY_CAT", "", std::nullopt})
      .text({"s", "s", "s", "s", std::nullopt})
      .text({"a", "b", "c", "d", "e"})
      .text({"TABLE", "TABLE", "VIEW", "TABLE", "VIEW"});
  const auto listing =
      listing_of({.kind = Kind::Tables, .scope = {.catalog = "my_cat"}}, kTables, {page.finish()});

  const auto rows = listing->next_page({});

  EXPECT_THAT(column_of(*rows, 2), ElementsAre("a", "c", "d", "e"));
  EXPECT_THAT(column_of(*rows, 1), ElementsAre("s", "s", "s", "NULL"));
  EXPECT_THAT(column_of(*rows, 3), ElementsAre("TABLE", "VIEW", "TABLE", "VIEW"));
  EXPECT_FALSE(listing->next_page({}));
}

TEST(Listing, CallsTablesWithoutATypeTables) {
  PageBuilder page;
  page.text({"c", "c", "c"})
      .text({"s", "s", "s"})
      .text({"a", "b", "v"})
      .text({"", std::nullopt, "VIEW"});
  const auto listing = listing_of({.kind = Kind::Tables}, kTables, {page.finish()});

  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("TABLE", "TABLE", "VIEW"));
}

TEST(Listing, CountsOrdinalsFromOneWhereTheServerCountsFromZero) {
  PageBuilder page;
  page.text({"c", "c", "c"}).text({"s", "s", "s"}).text({"t", "t", "u"}).integers({0, 1, 0});
  const auto listing = listing_of({.kind = Kind::Columns}, kColumns, {page.finish()});

  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("1", "2", "1"));
}

TEST(Listing, LeavesOrdinalsThatCountFromOne) {
  PageBuilder page;
  page.text({"c", "c"}).text({"s", "s"}).text({"t", "t"}).integers({1, 2});
  const auto listing = listing_of({.kind = Kind::Columns}, kColumns, {page.finish()});

  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("1", "2"));
}

TEST(Listing, CountsColumnsItselfWhereTheServerDoesNotAlsoOverPages) {
  PageBuilder first, second;
  first.text({"", ""}).text({"s", "s"}).text({"t", "t"}).integers({std::nullopt, std::nullopt});
  second.text({"", ""}).text({"s", "s"}).text({"t", "u"}).integers({std::nullopt, std::nullopt});
  const auto listing =
      listing_of({.kind = Kind::Columns}, kColumns, {first.finish(), second.finish()});

  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("1", "2"));
  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("3", "1"));
}

TEST(Listing, DoesNotCountColumnsOfWhichSomeWereLeftOut) {
  PageBuilder page;
  page.text({"c", "c"}).text({"s", "s"}).text({"t", "t"}).integers({std::nullopt, 1});
  const auto listing =
      listing_of({.kind = Kind::Columns, .scope = {.column = "x%"}}, kColumns, {page.finish()});

  EXPECT_THAT(column_of(*listing->next_page({}), 3), ElementsAre("NULL", "2"));
}

TEST(Listing, SpellsKeySequencesRight) {
  const auto listing = listing_of({.kind = Kind::PrimaryKeys}, {{.name = "KEQ_SEQ"}}, {});

  EXPECT_EQ(listing->metadata({}).columns.at(0).name, "KEY_SEQ");
}

TEST(Listing, PassesOtherColumnsAndFormsThrough) {
  PageBuilder page;
  page.integers({7});
  const auto listing = listing_of({.kind = Kind::Tables, .scope = {.catalog = "c"}},
                                  {{.name = "TABLE_CAT"}}, {page.finish(), Page{}});

  EXPECT_THAT(column_of(*listing->next_page({}), 0), ElementsAre("7"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(listing->next_page({})->rows));
}

TEST(Listing, OfNothingHasTheColumnsOfItsKind) {
  const std::vector<std::pair<Kind, std::size_t>> widths{
      {Kind::Catalogs, 1},   {Kind::Schemas, 2},     {Kind::Tables, 10},
      {Kind::TableTypes, 1}, {Kind::Columns, 23},    {Kind::TypeInfo, 18},
      {Kind::Functions, 6},  {Kind::PrimaryKeys, 6}, {Kind::CrossReference, 14}};
  for (const auto& [kind, width] : widths) {
    const auto listing = empty_listing(kind);
    EXPECT_EQ(listing->metadata({}).columns.size(), width);
    EXPECT_FALSE(listing->next_page({}));
    EXPECT_FALSE(listing->is_open());
  }
}

}  // namespace
}  // namespace dbsql::protocol
