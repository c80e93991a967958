#include "result/result_stream.h"

#include <dbsql/error.h>
#include <dbsql/log.h>

#include "support/capture_error.h"
#include "support/scripted_operation.h"
#include "unit/result/cloudfetch/scripted_storage.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::result {
namespace {

using protocol::ArrowBatch;
using protocol::ColumnarRows;
using protocol::Page;
using protocol::WireColumn;
using test::arrow_message;
using test::bigint_metadata;
using test::capture_error;
using test::ScriptedOperation;
using test::Wire;

Page page_of(std::vector<ArrowBatch> batches, bool has_more = false) {
  Page page;
  page.has_more = has_more;
  page.rows = std::move(batches);
  return page;
}

std::vector<std::int64_t> rest(ResultStream& stream) {
  std::vector<std::int64_t> values;
  while (auto batch = stream.next({})) {
    const ArrowArray& column = *(*batch)->children[0];
    const auto* data = static_cast<const std::int64_t*>(column.buffers[1]) + column.offset;
    values.insert(values.end(), data, data + (*batch)->length);
  }
  return values;
}

std::unique_ptr<ScriptedOperation> bigints() {
  auto operation = std::make_unique<ScriptedOperation>();
  operation->result_metadata = bigint_metadata();
  return operation;
}

using Values = std::vector<std::int64_t>;

TEST(ResultStream, ReadsPlainAndCompressedBatchesOfOneResultAlike) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2}), arrow_message({3}, Wire::Lz4)}, true));
  operation->add(page_of({arrow_message({4, 5}, Wire::Lz4)}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3, 4, 5}));
}

TEST(ResultStream, ABatchWhoseNumberOfRowsIsMissingIsReadWhole) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2, 3}, Wire::Plain, 0)}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3}));
}

TEST(ResultStream, CanBeOpenedAgainWhenTheTimeOfACallerIsOver) {
  auto operation = std::make_unique<ScriptedOperation>();
  operation->result_metadata.columns = {{.name = "n", .type_name = "BIGINT"}};
  ScriptedOperation& script = *operation;
  script.fail([] { throw_error({.kind = ErrorKind::Timeout, .message = "too slow"}); });
  script.add(page_of({arrow_message({5})}));
  ResultStream stream(std::move(operation), {}, 0);

  EXPECT_EQ(capture_error([&] { stream.open({}); }).kind(), ErrorKind::Timeout);
  EXPECT_TRUE(script.is_held);
  stream.open({});
  EXPECT_EQ(rest(stream), Values{5});
}

TEST(ResultStream, BelievesTheBytesAndNotTheMetadataAboutCompression) {
  auto operation = bigints();
  operation->result_metadata.lz4_compressed = true;
  operation->add(page_of({arrow_message({7}, Wire::Plain)}));
  ResultStream claims_lz4(std::move(operation), 0, {});
  operation = bigints();
  operation->add(page_of({arrow_message({8}, Wire::Lz4)}));
  ResultStream claims_plain(std::move(operation), 0, {});

  EXPECT_EQ(rest(claims_lz4), Values{7});
  EXPECT_EQ(rest(claims_plain), Values{8});
}

TEST(ResultStream, WarnsOnceOfCompressionThatWasNotApplied) {
  std::vector<std::string> warnings;
  set_log_sink([&](const LogRecord& record) {
    if (record.level == LogLevel::Warn) warnings.emplace_back(record.message);
  });
  auto operation = bigints();
  operation->result_metadata.lz4_compressed = true;
  for (const std::int64_t value : {1, 2, 3})
    operation->add(page_of({arrow_message({value}, Wire::Plain)}, value < 3));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3}));
  set_log_sink({});

  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("LZ4"), std::string::npos);
}

TEST(ResultStream, SkipsBatchesOfNoBytes) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2, 3, 4, 5}), {}, arrow_message({6, 7, 8})}));
  operation->add(page_of({{}}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(ResultStream, ABatchOfNoBytesThatDeclaresRowsIsCorrupt) {
  auto operation = bigints();
  operation->add(page_of({protocol::ArrowBatch{.bytes = {}, .row_count = 2}}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(capture_error([&] { stream.next({}); }).kind(), ErrorKind::CorruptResult);
}

TEST(ResultStream, CutsPaddingRowsOfABatch) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2, 3, 4}, Wire::Lz4, 3)}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3}));
}

TEST(ResultStream, FailsWhenABatchHoldsFewerRowsThanItDeclares) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2}), arrow_message({3, 4, 5}, Wire::Plain, 10)}));
  ResultStream stream(std::move(operation), 0, {});
  EXPECT_EQ((*stream.next({}))->length, 2);  // what came before the damage is delivered

  const Error error = capture_error([&] { stream.next({}); });

  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_NE(error.message().find("declares 10 rows but holds 3"), std::string::npos);
}

TEST(ResultStream, ReadsOnThroughEmptyPages) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1})}, true));
  operation->add(Page{.has_more = true});
  operation->add(page_of({arrow_message({2})}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(rest(stream), (Values{1, 2}));
}

TEST(ResultStream, KeepsTheSchemaOfAnEmptyResult) {
  auto operation = bigints();
  operation->add(Page{});
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(stream.schema().size(), 1U);
  EXPECT_EQ(stream.schema()[0].type, TypeId::BigInt);
  EXPECT_TRUE(rest(stream).empty());
}

TEST(ResultStream, HasNoColumnsForDdlWhoseTwoSchemasDiffer) {
  auto operation = std::make_unique<ScriptedOperation>();
  operation->result_metadata.columns = {{.name = "Result", .type_name = "STRING"}};
  operation->result_metadata.arrow_schema =
      base::Buffer::copy_of(arrow::write_schema(*arrow::struct_schema({})));
  operation->add(Page{});
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ(stream.schema().size(), 0U);
  EXPECT_FALSE(stream.next({}).has_value());
}

TEST(ResultStream, ReadsColumnsFromServersWithoutArrow) {
  static const std::byte kValues[] = {std::byte{0}, std::byte{0}, std::byte{1}, std::byte{2},
                                      std::byte{0}, std::byte{0}, std::byte{0}, std::byte{9}};
  auto operation = std::make_unique<ScriptedOperation>();
  operation->result_metadata.columns = {{.name = "n", .type_name = "INT"}};
  WireColumn column{.kind = WireColumn::Kind::Int32, .count = 2, .values = kValues};
  Page page;
  page.rows = ColumnarRows{.columns = {column}};
  operation->add(page);
  ResultStream stream(std::move(operation), 0, {});

  const auto batch = stream.next({});

  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(stream.schema()[0].type, TypeId::Int);
  EXPECT_EQ(static_cast<const std::int32_t*>((*batch)->children[0]->buffers[1])[0], 258);
  EXPECT_EQ(static_cast<const std::int32_t*>((*batch)->children[0]->buffers[1])[1], 9);
}

TEST(ResultStream, StopsAtTheRowLimitAndFreesTheStatement) {
  int closes = 0;
  auto operation = bigints();
  operation->closes = &closes;
  operation->add(page_of({arrow_message({1, 2, 3}), arrow_message({4})}, true));
  operation->add(page_of({arrow_message({5})}));
  ResultStream stream(std::move(operation), 2, {});

  EXPECT_EQ(rest(stream), (Values{1, 2}));
  EXPECT_GE(closes, 1);
}

TEST(ResultStream, DeliversEarlierRowsBeforeTheErrorOfALaterPage) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({1})}, true));
  operation->fail([] { throw_error({.kind = ErrorKind::Network, .message = "reset"}); });
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ((*stream.next({}))->length, 1);
  EXPECT_EQ(capture_error([&] { stream.next({}); }).kind(), ErrorKind::Network);
}

TEST(ResultStream, AResultCutByTheServerEndsInAnError) {
  auto operation = bigints();
  operation->result_metadata.truncated_by_server = true;
  operation->add(page_of({arrow_message({1})}));
  ResultStream stream(std::move(operation), 0, {});

  EXPECT_EQ((*stream.next({}))->length, 1);
  EXPECT_EQ(capture_error([&] { stream.next({}); }).kind(), ErrorKind::CorruptResult);
}

TEST(ResultStream, FreesTheStatementWhenItsSchemaCannotBeRead) {
  int closes = 0;
  auto operation = bigints();
  operation->closes = &closes;
  operation->result_metadata.arrow_schema = base::Buffer::copy_of("not a schema message at all");

  const Error error = capture_error([&] { ResultStream stream(std::move(operation), 0, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_GT(closes, 0);
}

Page page_of_link(const char* url, std::int64_t start, std::int64_t rows) {
  Page page{.start_row = start, .has_more = true};
  page.rows = std::vector<protocol::ResultLink>{
      {.url = test::ScriptedStorage::address_of(url),
       .expiry = std::chrono::system_clock::now() + std::chrono::minutes(15),
       .start_row = start,
       .row_count = rows}};
  return page;
}

TEST(ResultStream, DeliversTheRowsOfFilesBeforeTheErrorOfAPageThatWasAskedForEarly) {
  test::ScriptedStorage storage;
  storage.answer("a", test::file_of({1, 2}));
  auto operation = bigints();
  operation->add(page_of_link("a", 0, 2));
  operation->fail([] { throw_error({.kind = ErrorKind::Network, .message = "reset"}); });
  ResultStream stream(std::move(operation), 0, {}, {.start = storage.start()});

  EXPECT_EQ((*stream.next({}))->length, 2);
  EXPECT_EQ(capture_error([&] { stream.next({}); }).kind(), ErrorKind::Network);
}

TEST(ResultStream, ReadsPagesOfLinksAndInlinePagesInOneOrder) {
  test::ScriptedStorage storage;
  storage.answer("a", test::file_of({3, 4}));
  storage.answer("b", test::file_of({5}));
  auto operation = bigints();
  operation->add(page_of({arrow_message({1, 2})}, true));
  operation->add(page_of_link("a", 2, 2));
  operation->add(page_of_link("b", 4, 1));
  operation->add(page_of({arrow_message({6})}));
  ResultStream stream(std::move(operation), 0, {}, {.start = storage.start()});

  EXPECT_EQ(rest(stream), (Values{1, 2, 3, 4, 5, 6}));
}

/// Three pages of `size` bytes on the wire, two rows each.
std::unique_ptr<ScriptedOperation> three_pages(std::int64_t size) {
  auto operation = bigints();
  for (std::int64_t start = 0; start < 6; start += 2) {
    Page page = page_of({arrow_message({start, start + 1})}, start < 4);
    page.start_row = start;
    page.wire_bytes = size;
    operation->add(std::move(page));
  }
  return operation;
}

TEST(ResultStream, AsksForThePageAfterTheOneThatIsReadOnceTheReaderHasComeBack) {
  auto operation = three_pages(1000);
  int asked = 0;
  operation->asked_ahead = &asked;
  ResultStream stream(std::move(operation), 0, {});

  stream.next({});
  EXPECT_EQ(asked, 0) << "many readers want no more than the first page";
  stream.next({});
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(rest(stream), (Values{4, 5}));
  EXPECT_EQ(asked, 1) << "nothing is asked for after the last page";
}

TEST(ResultStream, AsksForNoPageBeyondTheRowLimit) {
  auto operation = three_pages(1000);
  int asked = 0;
  operation->asked_ahead = &asked;
  ResultStream stream(std::move(operation), 4, {});

  EXPECT_EQ(rest(stream), (Values{0, 1, 2, 3}));
  EXPECT_EQ(asked, 0);
}

TEST(ResultStream, AsksForNoPageThatTheMemoryBudgetHasNoRoomFor) {
  auto operation = three_pages(1000);
  int asked = 0;
  operation->asked_ahead = &asked;
  const auto budget = MemoryBudget::create(1999);
  ResultStream stream(std::move(operation), 0, {}, {.budget = budget});

  EXPECT_EQ(rest(stream), (Values{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(budget->peak(), 1000U);
  EXPECT_EQ(budget->in_use(), 0U);
}

TEST(ResultStream, CountsThePageThatIsReadAndTheOneAhead) {
  const auto budget = MemoryBudget::create(1 << 20);
  ResultStream stream(three_pages(1000), 0, {}, {.budget = budget});

  stream.next({});
  EXPECT_EQ(budget->in_use(), 1000U);
  stream.next({});
  EXPECT_EQ(budget->in_use(), 2000U);
  stream.close();
  EXPECT_EQ(budget->in_use(), 0U);
}

TEST(ResultStream, BatchesOutliveTheStream) {
  auto operation = bigints();
  operation->add(page_of({arrow_message({42}, Wire::Lz4)}));
  auto stream = std::make_unique<ResultStream>(std::move(operation), 0, base::CallContext{});

  const auto batch = stream->next({});
  stream.reset();

  EXPECT_EQ(static_cast<const std::int64_t*>((*batch)->children[0]->buffers[1])[0], 42);
}

}  // namespace
}  // namespace dbsql::result
