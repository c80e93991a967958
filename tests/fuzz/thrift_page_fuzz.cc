// links: dbsql_protocol dbsql_result
// The replies that carry rows, as a hostile server would send them: an Error or a page whose spans
// lie inside the body.

#include <dbsql/error.h>

#include "base/buffer.h"
#include "protocol/thrift/message.h"
#include "protocol/thrift/page_reader.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <variant>

namespace {

using dbsql::protocol::ArrowBatch;
using dbsql::protocol::ColumnarRows;
using dbsql::protocol::Page;

// Reads every byte that the page points to, so that the sanitizer sees a span that leaves the body.
std::uint64_t touch(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<std::uint64_t>(byte);
  return sum;
}

std::uint64_t touch(const Page& page) {
  std::uint64_t sum = 0;
  if (const auto* batches = std::get_if<std::vector<ArrowBatch>>(&page.rows)) {
    for (const ArrowBatch& batch : *batches) sum += touch(batch.bytes.bytes());
  } else if (const auto* rows = std::get_if<ColumnarRows>(&page.rows)) {
    for (const auto& column : rows->columns) sum += touch(column.values) + touch(column.nulls);
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbsql::protocol::thrift;
  if (size == 0) return 0;
  const dbsql::base::Buffer body = dbsql::base::Buffer::copy_of(
      std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  WireReader reader(body.bytes());
  volatile std::uint64_t sink = 0;
  try {
    switch (data[0] % 4) {
      case 0:
        sink = touch(read_fetch_reply(reader, body).page);
        break;
      case 1: {
        const ExecuteReply reply = read_execute_reply(reader, body);
        if (reply.first_page) sink = touch(reply.first_page->page);
        break;
      }
      case 2:
        sink = touch(read_metadata_reply(reader, body).metadata.arrow_schema.bytes());
        break;
      default:
        enter_reply(reader, "FetchResults", 1);
        sink = touch(read_fetch_reply(reader, body).page);
    }
  } catch (const dbsql::Error&) {  // NOLINT(bugprone-empty-catch): refusing is the right answer
  }
  (void)sink;
  return 0;
}
