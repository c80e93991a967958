#include "arrow/c_data.h"

#include "arrow/array_view.h"
#include "arrow/builder.h"
#include "support/capture_error.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;

struct Counted {
  int releases = 0;
  ArrowArray array() {
    ArrowArray array{};
    array.private_data = this;
    array.release = [](ArrowArray* self) {
      ++static_cast<Counted*>(self->private_data)->releases;
      self->release = nullptr;
    };
    return array;
  }
};

TEST(UniqueArray, ReleasesExactlyOnceWhenItGoes) {
  Counted counted;
  {
    UniqueArray first(counted.array());
    UniqueArray second(std::move(first));
    UniqueArray third;
    third = std::move(second);
    EXPECT_TRUE(first.empty() && second.empty());
    EXPECT_EQ(counted.releases, 0);
  }
  EXPECT_EQ(counted.releases, 1);
}

TEST(UniqueArray, TakesOverAStructAndLeavesItReleased) {
  Counted counted;
  ArrowArray source = counted.array();

  const UniqueArray owner(std::move(source));

  EXPECT_EQ(source.release, nullptr);
  EXPECT_TRUE(owner);
}

TEST(UniqueArray, HandsItsStructOut) {
  Counted counted;
  UniqueArray owner(counted.array());

  ArrowArray out = owner.move_out();

  EXPECT_TRUE(owner.empty());
  EXPECT_EQ(counted.releases, 0);
  out.release(&out);
  EXPECT_EQ(counted.releases, 1);
}

TEST(UniqueArray, ReleasesWhatItHeldWhenAProducerWritesIntoIt) {
  Counted first;
  Counted second;
  UniqueArray owner(first.array());

  *owner.out() = second.array();

  EXPECT_EQ(first.releases, 1);
  EXPECT_EQ(second.releases, 0);
}

TEST(Metadata, SurvivesItsEncoding) {
  const Metadata metadata = {{"key", "value"}, {"", ""}, {"key", std::string("a\0b", 3)}};

  const std::string encoded = encode_metadata(metadata);

  EXPECT_EQ(decode_metadata(encoded.data()), metadata);
  EXPECT_EQ(find_metadata(encoded.data(), "key"), "value");
  EXPECT_EQ(find_metadata(encoded.data(), "other"), std::nullopt);
}

TEST(Metadata, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(encode_metadata({}), "");
  EXPECT_TRUE(decode_metadata(nullptr).empty());
  EXPECT_EQ(find_metadata(nullptr, "key"), std::nullopt);
}

TEST(CopySchema, IsIndependentOfItsSource) {
  UniqueSchema source =
      struct_schema(children(make_schema({.format = "i",
                                          .name = "color",
                                          .nullable = false,
                                          .metadata = {{"k", "v"}},
                                          .dictionary = make_schema("u", ""),
                                          .flags = ARROW_FLAG_DICTIONARY_ORDERED}),
                             list_schema(make_schema("tsu:UTC", ""), "times")),
                    "row", false);
  const UniqueSchema copy = copy_schema(*source);
  source.release();

  EXPECT_STREQ(copy->name, "row");
  const ArrowSchema& color = *copy->children[0];
  EXPECT_EQ(color.flags, ARROW_FLAG_DICTIONARY_ORDERED);
  EXPECT_STREQ(color.dictionary->format, "u");
  EXPECT_EQ(find_metadata(color.metadata, "k"), "v");
  EXPECT_STREQ(copy->children[1]->children[0]->format, "tsu:UTC");
  EXPECT_STREQ(copy->children[1]->children[0]->name, "element");
}

TEST(Rename, ChangesTheNameAndNothingElse) {
  const UniqueSchema schema = rename(make_schema("i", "old", /*nullable=*/false), "new");

  EXPECT_STREQ(schema->name, "new");
  EXPECT_STREQ(schema->format, "i");
  EXPECT_EQ(schema->flags, 0);
}

TEST(Rename, CopiesSchemasOfOtherProducers) {
  static constexpr char kFormat[] = "l";
  ArrowSchema foreign{};
  foreign.format = kFormat;
  foreign.release = [](ArrowSchema* self) { self->release = nullptr; };

  const UniqueSchema schema = rename(UniqueSchema(std::move(foreign)), "mine");

  EXPECT_STREQ(schema->name, "mine");
  EXPECT_STREQ(schema->format, "l");
}

TEST(MapSchema, HasTheChildrenThatServersSend) {
  const UniqueSchema schema = map_schema(make_schema("u", "x"), make_schema("i", "y"), "m");

  const ArrowSchema& entries = *schema->children[0];
  EXPECT_STREQ(entries.name, "entries");
  EXPECT_EQ(entries.flags & ARROW_FLAG_NULLABLE, 0);
  EXPECT_STREQ(entries.children[0]->name, "key");
  EXPECT_EQ(entries.children[0]->flags & ARROW_FLAG_NULLABLE, 0);
  EXPECT_STREQ(entries.children[1]->name, "value");
  EXPECT_NE(entries.children[1]->flags & ARROW_FLAG_NULLABLE, 0);
}

TEST(Slice, KeepsTheRowsAskedFor) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  UniqueArray batch = test::random_batch(*schema, 40, random);
  const std::string expected = test::rows_text(*schema, *batch, 5, 16);

  batch = slice(std::move(batch), 5, 11);

  EXPECT_EQ(batch->length, 11);
  EXPECT_EQ(batch->offset, 0);
  EXPECT_EQ(test::batch_text(*schema, *batch), expected);
}

TEST(Slice, OfASliceCountsFromItsFirstRow) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  UniqueArray batch = test::random_batch(*schema, 40, random);
  const std::string expected = test::rows_text(*schema, *batch, 8, 10);

  batch = slice(slice(std::move(batch), 5, 11), 3, 2);

  EXPECT_EQ(test::batch_text(*schema, *batch), expected);
}

TEST(Slice, CountsTheNullsThatAreLeft) {
  Int32Builder builder;
  for (int i = 0; i < 20; ++i) i % 5 == 0 ? builder.append_null() : builder.append(i);
  std::vector<UniqueArray> columns;
  columns.push_back(builder.finish());
  columns.push_back(null_array(20));

  const UniqueArray batch = slice(make_batch(20, std::move(columns)), 1, 9);

  EXPECT_EQ(batch->children[0]->null_count, 1);
  EXPECT_EQ(batch->children[1]->null_count, 9);
}

TEST(Slice, RefusesRowsThatAreNotThere) {
  for (const auto& [offset, rows] : {std::pair{0, 6}, {6, 0}, {-1, 2}, {2, -1}, {5, 1}}) {
    const auto error = capture_error([&] { slice(make_batch(5, {}), offset, rows); });
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  }
}

}  // namespace
}  // namespace dbsql::arrow
