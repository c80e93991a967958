#include "warehouse/duckdb_query.h"

#include "arrow/bits.h"

#include <string_view>
#include <utility>

namespace dbsql::warehouse {
namespace {

/// An open stream that is given back to the channel whatever happens.
class OpenStream {
 public:
  OpenStream(EngineChannel& channel, const EngineStatement& statement, const std::stop_token& stop)
      : channel_(channel),
        statement_(statement),
        stop_(stop),
        stream_(channel.query(statement, stop)) {}
  ~OpenStream() { channel_.release(stream_); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

  arrow::UniqueArray next() { return channel_.next(stream_, statement_, stop_); }

 private:
  EngineChannel& channel_;
  const EngineStatement& statement_;
  const std::stop_token& stop_;
  arrow::UniqueStream stream_;
};

std::optional<std::string> text_at(const ArrowArray& column, std::int64_t row) {
  const auto index = column.offset + row;
  const auto* valid = static_cast<const std::uint8_t*>(column.buffers[0]);
  if (column.null_count != 0 && valid != nullptr && !arrow::get_bit(valid, index))
    return std::nullopt;
  const auto* offsets = static_cast<const std::int32_t*>(column.buffers[1]);
  const auto* data = static_cast<const char*>(column.buffers[2]);
  return std::string(data + offsets[index],
                     static_cast<std::size_t>(offsets[index + 1] - offsets[index]));
}

}  // namespace

std::vector<TextRow> query_text(EngineChannel& channel, const EngineStatement& statement,
                                const std::stop_token& stop) {
  OpenStream stream(channel, statement, stop);
  std::vector<TextRow> rows;
  for (auto chunk = stream.next(); !chunk.empty(); chunk = stream.next()) {
    for (std::int64_t row = 0; row < chunk->length; ++row) {
      TextRow cells;
      for (std::int64_t i = 0; i < chunk->n_children; ++i) {
        cells.push_back(text_at(*chunk->children[i], row));
      }
      rows.push_back(std::move(cells));
    }
  }
  return rows;
}

std::vector<TextRow> query_text(EngineChannel& channel, const std::string& engine_sql,
                                std::vector<std::optional<std::string>> values) {
  const EngineStatement statement{
      .text = SqlText(engine_sql, 0), .sql = {}, .values = std::move(values)};
  return query_text(channel, statement, {});
}

void run_to_end(EngineChannel& channel, const EngineStatement& statement,
                const std::stop_token& stop) {
  OpenStream stream(channel, statement, stop);
  while (!stream.next().empty()) {
  }
}

std::int64_t run_and_count(EngineChannel& channel, const EngineStatement& statement,
                           const std::stop_token& stop) {
  OpenStream stream(channel, statement, stop);
  std::int64_t count = 0;
  for (auto chunk = stream.next(); !chunk.empty(); chunk = stream.next()) {
    const auto& column = *chunk->children[0];
    const auto* counts = static_cast<const std::int64_t*>(column.buffers[1]) + column.offset;
    for (std::int64_t row = 0; row < chunk->length; ++row) count += counts[row];
  }
  return count;
}

}  // namespace dbsql::warehouse
