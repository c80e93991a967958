#include "staging/instruction.h"

#include "arrow/builder.h"
#include "support/capture_error.h"
#include "support/scripted_operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::staging {
namespace {

using test::capture_error;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kLink = "https://bucket.example/file?sig=secret";

std::vector<Cell> put_row() {
  return {{"operation", "PUT"}, {"presignedUrl", kLink}, {"headers", "{}"}, {"localFile", "/a"}};
}

std::string shown(const http::Headers& headers) {
  std::string text;
  for (const auto& header : headers) text += header.name + "=" + header.value + ";";
  return text;
}

/// A staging answer as one inline Arrow page: a batch of text columns.
std::unique_ptr<test::ScriptedOperation> answer(
    const std::vector<std::string>& names,
    const std::vector<std::vector<std::optional<std::string>>>& rows) {
  auto operation = std::make_unique<test::ScriptedOperation>();
  std::vector<arrow::UniqueSchema> fields;
  for (const std::string& name : names) {
    fields.push_back(arrow::make_schema("u", name));
    operation->result_metadata.columns.push_back({.name = name, .type_name = "STRING"});
  }
  const arrow::UniqueSchema schema = arrow::struct_schema(std::move(fields));
  operation->result_metadata.arrow_schema = base::Buffer::copy_of(arrow::write_schema(*schema));
  std::vector<arrow::UniqueArray> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    arrow::Utf8Builder builder;
    for (const auto& row : rows) {
      if (row[i]) {
        builder.append(std::string_view(*row[i]));
      } else {
        builder.append_null();
      }
    }
    columns.push_back(builder.finish());
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto batch = arrow::make_batch(count, std::move(columns));
  protocol::Page page;
  page.rows = std::vector<protocol::ArrowBatch>{
      {base::Buffer::copy_of(arrow::RecordBatchEncoder(*schema).encode(*batch)), count}};
  operation->add(std::move(page));
  return operation;
}

Instruction read(std::unique_ptr<test::ScriptedOperation> operation) {
  result::ResultStream stream(std::move(operation), 0, {});
  return read_instruction(stream, {});
}

TEST(StagingInstruction, ReadsTheRowOfAnArrowPage) {
  const Instruction instruction =
      read(answer({"operation", "presignedUrl", "headers", "localFile"},
                  {{"PUT", kLink, R"({"x-ms-blob-type":"BlockBlob"})", "/data/a.csv"}}));

  EXPECT_EQ(instruction.operation, StagingOperation::Put);
  EXPECT_EQ(instruction.url, kLink);
  EXPECT_EQ(shown(instruction.headers), "x-ms-blob-type=BlockBlob;");
  EXPECT_EQ(instruction.local_file, "/data/a.csv");
}

TEST(StagingInstruction, ReadsTheRowOfAColumnPage) {
  auto operation = std::make_unique<test::ScriptedOperation>();
  std::string values[4];
  const std::string texts[4] = {"REMOVE", kLink, "{}", ""};
  protocol::ColumnarRows rows;
  for (int i = 0; i < 4; ++i) {
    const char* names[4] = {"operation", "presignedUrl", "headers", "localFile"};
    operation->result_metadata.columns.push_back({.name = names[i], .type_name = "STRING"});
    values[i] = std::string{'\0', '\0', '\0', static_cast<char>(texts[i].size())} + texts[i];
    rows.columns.push_back(
        {.kind = protocol::WireColumn::Kind::String,
         .count = 1,
         .values = std::as_bytes(std::span(values[i].data(), values[i].size()))});
  }
  protocol::Page page;
  page.rows = std::move(rows);
  operation->add(std::move(page));

  const Instruction instruction = read(std::move(operation));

  EXPECT_EQ(instruction.operation, StagingOperation::Remove);
  EXPECT_EQ(instruction.url, kLink);
}

TEST(StagingInstruction, ARemoveMayHaveThreeColumns) {
  const Instruction instruction =
      read(answer({"operation", "presignedUrl", "headers"}, {{"REMOVE", kLink, "{}"}}));

  EXPECT_EQ(instruction.operation, StagingOperation::Remove);
  EXPECT_EQ(instruction.local_file, "");
}

TEST(StagingInstruction, OneRowIsOneTransfer) {
  const std::vector<std::string> names{"operation", "presignedUrl", "headers"};
  const std::vector<std::optional<std::string>> row{"REMOVE", kLink, "{}"};

  EXPECT_EQ(capture_error([&] { read(answer(names, {row, row})); }).kind(), ErrorKind::Protocol);
  EXPECT_EQ(capture_error([&] { read(answer(names, {})); }).kind(), ErrorKind::Protocol);
}

TEST(StagingInstruction, ColumnsAreFoundByNameAndElseByPosition) {
  const Instruction by_name = parse_instruction(
      {{"LOCALFILE", "/a"}, {"headers", "{}"}, {"presignedurl", kLink}, {"Operation", "get"}});
  const Instruction by_position =
      parse_instruction({{"c0", "PUT"}, {"c1", kLink}, {"c2", "{}"}, {"c3", "/b"}});

  EXPECT_EQ(by_name.operation, StagingOperation::Get);
  EXPECT_EQ(by_name.url, kLink);
  EXPECT_EQ(by_name.local_file, "/a");
  EXPECT_EQ(by_position.operation, StagingOperation::Put);
  EXPECT_EQ(by_position.local_file, "/b");
}

TEST(StagingInstruction, AnUnknownOperationIsRefusedByName) {
  auto row = put_row();
  row[0].text = "COPY";

  const Error error = capture_error([&] { parse_instruction(row); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_THAT(error.message(), HasSubstr("'COPY'"));
  EXPECT_THAT(error.message(), HasSubstr("GET, PUT and REMOVE"));
}

TEST(StagingInstruction, WhatIsNeededMustBeThere) {
  for (const std::size_t missing : {0U, 1U, 3U}) {
    auto row = put_row();
    row[missing].text = std::nullopt;
    EXPECT_EQ(capture_error([&] { parse_instruction(row); }).kind(), ErrorKind::Protocol);
  }
  EXPECT_EQ(capture_error([&] {
              parse_instruction({{"operation", "PUT"}});
            }).kind(),
            ErrorKind::Protocol);
  EXPECT_EQ(capture_error([&] { parse_instruction({}); }).kind(), ErrorKind::Protocol);
}

TEST(StagingHeaders, AreReadInEveryFormThatServersSend) {
  EXPECT_THAT(parse_headers("{}"), IsEmpty());
  EXPECT_THAT(parse_headers(""), IsEmpty());
  EXPECT_THAT(parse_headers("null"), IsEmpty());
  EXPECT_THAT(parse_headers("[]"), IsEmpty());
  EXPECT_EQ(shown(parse_headers(R"({"a":"b","c":"d"})")), "a=b;c=d;");
  EXPECT_EQ(shown(parse_headers(R"([{"a":"b"}])")), "a=b;");
  EXPECT_EQ(shown(parse_headers(R"({"n":7,"x":null})")), "n=7;");
}

TEST(StagingHeaders, ARealMapColumnIsReadAsOne) {
  auto operation = std::make_unique<test::ScriptedOperation>();
  std::vector<arrow::UniqueSchema> fields;
  fields.push_back(arrow::make_schema("u", "operation"));
  fields.push_back(arrow::make_schema("u", "presignedUrl"));
  fields.push_back(arrow::map_schema(arrow::make_schema("u", "key", false),
                                     arrow::make_schema("u", "value"), "headers"));
  const arrow::UniqueSchema schema = arrow::struct_schema(std::move(fields));
  arrow::BatchBuilder batch(*schema);
  batch.column<arrow::Utf8Builder>(0).append(std::string_view("REMOVE"));
  batch.column<arrow::Utf8Builder>(1).append(std::string_view(kLink));
  auto& map = batch.column<arrow::MapBuilder>(2);
  map.keys<arrow::Utf8Builder>().append(std::string_view("a"));
  map.values<arrow::Utf8Builder>().append(std::string_view("b"));
  map.end_map();
  auto& metadata = operation->result_metadata;
  metadata.columns = {{.name = "operation", .type_name = "STRING"},
                      {.name = "presignedUrl", .type_name = "STRING"},
                      {.name = "headers", .type_name = "MAP"}};
  metadata.arrow_schema = base::Buffer::copy_of(arrow::write_schema(*schema));
  protocol::Page page;
  page.rows = std::vector<protocol::ArrowBatch>{
      {base::Buffer::copy_of(arrow::RecordBatchEncoder(*schema).encode(*batch.finish())), 1}};
  operation->add(std::move(page));

  EXPECT_EQ(shown(read(std::move(operation)).headers), "a=b;");
}

TEST(StagingHeaders, TheLengthIsNotTheServersToSay) {
  EXPECT_EQ(shown(parse_headers(R"({"Content-Length":"5","transfer-encoding":"chunked","a":"b"})")),
            "a=b;");
}

TEST(StagingHeaders, AnythingElseIsAnErrorThatShowsNoneOfIt) {
  for (const char* text : {"secret", "{\"a\":", "7", "[1]", R"({"a":{"b":"secret"}})", "[[]]"}) {
    const Error error = capture_error([&] { parse_headers(text); });
    EXPECT_EQ(error.kind(), ErrorKind::Protocol) << text;
    EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace dbsql::staging
