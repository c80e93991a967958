#pragma once

#include "arrow/builder.h"
#include "arrow/c_data.h"
#include "arrow/ipc_writer.h"
#include "arrow/lz4_frame.h"
#include "protocol/backend.h"

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dbsql::test {

/// A finished statement whose pages a test wrote.
class ScriptedOperation final : public protocol::Operation {
 public:
  protocol::ResultMetadata result_metadata;
  std::deque<std::function<protocol::Page()>> pages;  ///< each call of next_page() takes one
  std::optional<std::int64_t> modified_rows;
  bool is_held = true;         ///< by the server, until it is closed
  int* closes = nullptr;       ///< counts close() calls when set
  int* asked_ahead = nullptr;  ///< counts ask_ahead() calls when set

  void add(protocol::Page page) {
    pages.push_back([page] { return page; });
  }
  void fail(std::function<void()> thrower) {
    pages.push_back([thrower]() -> protocol::Page {
      thrower();
      return {};
    });
  }

  const std::string& statement_id() const noexcept override { return id_; }
  void wait(const base::CallContext&) override {}
  StatementState state(const base::CallContext&) override { return StatementState::Finished; }
  const protocol::ResultMetadata& metadata(const base::CallContext&) override {
    return result_metadata;
  }
  std::optional<protocol::Page> next_page(const base::CallContext&) override {
    if (pages.empty()) return std::nullopt;
    const auto page = std::move(pages.front());
    pages.pop_front();
    return page();
  }
  void ask_ahead() override {
    if (asked_ahead != nullptr) ++*asked_ahead;
  }
  std::vector<protocol::ResultLink> refresh_links(std::int64_t, const base::CallContext&) override {
    return {};
  }
  std::optional<std::int64_t> affected_rows() const noexcept override { return modified_rows; }
  bool is_open() const noexcept override { return is_held; }
  void cancel(const base::CallContext&) override {}
  void cancel_in_background() noexcept override {}
  void close() noexcept override {
    is_held = false;
    if (closes != nullptr) ++*closes;
  }

 private:
  std::string id_ = "01f00000-0000-1000-8000-000000000000";
};

/// A struct of one column `n`, BIGINT.
inline arrow::UniqueSchema bigint_schema() {
  return arrow::struct_schema(arrow::children(arrow::make_schema("l", "n")));
}

/// A batch of one BIGINT column holding `values`.
inline arrow::UniqueArray bigint_batch(std::vector<std::int64_t> values) {
  arrow::FixedBuilder<std::int64_t> builder;
  const auto rows = static_cast<std::int64_t>(values.size());
  builder.append(std::span<const std::int64_t>(values));
  std::vector<arrow::UniqueArray> columns;
  columns.push_back(builder.finish());
  return arrow::make_batch(rows, std::move(columns));
}

enum class Wire { Plain, Lz4 };

/// The same batch as one message of a page; it declares `row_count` rows, or as many as it holds.
inline protocol::ArrowBatch arrow_message(std::vector<std::int64_t> values, Wire wire = Wire::Plain,
                                          std::optional<std::int64_t> row_count = std::nullopt) {
  const auto rows = static_cast<std::int64_t>(values.size());
  const auto schema = bigint_schema();
  std::string bytes = arrow::RecordBatchEncoder(*schema).encode(*bigint_batch(std::move(values)));
  if (wire == Wire::Lz4)
    bytes = arrow::compress_lz4_frame(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return {base::Buffer::copy_of(bytes), row_count.value_or(rows)};
}

inline protocol::ResultMetadata bigint_metadata() {
  protocol::ResultMetadata metadata;
  metadata.columns = {{.name = "n", .type_name = "BIGINT"}};
  metadata.arrow_schema = base::Buffer::copy_of(arrow::write_schema(*bigint_schema()));
  return metadata;
}

}  // namespace dbsql::test
