#include <dbsql/error.h>
#include <dbsql/result.h>

#include "session/result_impl.h"
#include "support/capture_error.h"
#include "support/scripted_operation.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {
namespace {

using test::arrow_message;
using test::capture_error;
using test::ScriptedOperation;

Result result_over(std::unique_ptr<ScriptedOperation> operation) {
  return std::make_shared<session::Statement>(nullptr, std::move(operation),
                                              session::StatementSettings{}, base::Clock::system())
      ->open_result({});
}

std::unique_ptr<ScriptedOperation> operation_with(std::vector<std::vector<std::int64_t>> pages) {
  auto operation = std::make_unique<ScriptedOperation>();
  operation->result_metadata = test::bigint_metadata();
  for (auto& values : pages) {
    protocol::Page page;
    page.rows = std::vector<protocol::ArrowBatch>{arrow_message(std::move(values))};
    operation->add(std::move(page));
  }
  return operation;
}

TEST(Result, GivesTypedRowsAcrossPages) {
  Result result = result_over(operation_with({{1, 2}, {}, {3}}));
  std::vector<std::int64_t> values;

  for (const auto [n] : result.rows<std::int64_t>()) values.push_back(n);

  EXPECT_EQ(values, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Result, WithoutANameLivesAsLongAsItsRows) {
  std::vector<std::int64_t> typed;
  std::vector<std::int64_t> dynamic;

  for (const auto [n] : result_over(operation_with({{1}, {2}})).rows<std::int64_t>())
    typed.push_back(n);
  for (const RowRef row : result_over(operation_with({{3}, {4}})).rows())
    dynamic.push_back(row.get<std::int64_t>(0));

  EXPECT_EQ(typed, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(dynamic, (std::vector<std::int64_t>{3, 4}));
}

TEST(Result, GivesDynamicRows) {
  Result result = result_over(operation_with({{41, 42}}));
  std::vector<std::string> texts;

  for (const RowRef row : result.rows()) texts.push_back(row["N"].to_string());

  EXPECT_EQ(texts, (std::vector<std::string>{"41", "42"}));
}

TEST(Result, RefusesTheWrongNumberOfTypes) {
  Result result = result_over(operation_with({{1}}));

  const Error error = capture_error([&] { result.rows<std::int64_t, std::string_view>(); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
}

TEST(Result, NamesTheColumnThatCannotBeReadAsItsType) {
  Result result = result_over(operation_with({{1}}));

  const Error error = capture_error([&] {
    for (const auto [text] : result.rows<std::string_view>()) (void)text;
  });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_NE(error.message().find("n"), std::string::npos);
  EXPECT_NE(error.message().find("BIGINT"), std::string::npos);
}

TEST(Result, RefusesANumberThatDoesNotFit) {
  Result result = result_over(operation_with({{300}}));

  EXPECT_THROW(
      {
        for (const auto [small] : result.rows<std::int8_t>()) (void)small;
      },
      Error);
}

TEST(Result, RepeatsItsErrorForever) {
  auto operation = operation_with({{1}});
  operation->fail([] { throw_error({.kind = ErrorKind::Network, .message = "connection reset"}); });
  Result result = result_over(std::move(operation));
  auto first = result.next_batch();
  ASSERT_TRUE(first.has_value());
  first->release(&*first);

  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::Network);
  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::Network);
}

TEST(Result, ExportsAnArrowStreamThatOutlivesIt) {
  ArrowArrayStream stream = result_over(operation_with({{1, 2}, {3}})).arrow_stream();
  ArrowSchema schema{};
  std::int64_t rows = 0;

  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  for (;;) {
    ArrowArray batch{};
    ASSERT_EQ(stream.get_next(&stream, &batch), 0);
    if (batch.release == nullptr) break;
    rows += batch.length;
    batch.release(&batch);
  }

  EXPECT_EQ(rows, 3);
  EXPECT_STREQ(schema.children[0]->name, "n");
  schema.release(&schema);
  stream.release(&stream);
  EXPECT_EQ(stream.release, nullptr);
}

TEST(Result, ReportsStreamErrorsAsErrnoAndText) {
  auto operation = operation_with({});
  operation->fail([] { throw_error({.kind = ErrorKind::Timeout, .message = "too slow"}); });
  ArrowArrayStream stream = result_over(std::move(operation)).arrow_stream();
  ArrowArray batch{};

  EXPECT_EQ(stream.get_next(&stream, &batch), ETIMEDOUT);
  EXPECT_NE(std::string(stream.get_last_error(&stream)).find("too slow"), std::string::npos);

  stream.release(&stream);
}

}  // namespace
}  // namespace dbsql
