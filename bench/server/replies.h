#pragma once

#include "server/links.h"
#include "workload/checksum.h"
#include "workload/pages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whole Thrift replies, made once. What differs from request to request is patched where it lies:
/// a server that builds its replies would be what a benchmark measures
/// (reference/performance.md 3.1, 7 trap 18).
namespace dbsql::bench {

using Guid = std::array<char, 16>;

/// One reply and the places in it that change.
struct PreparedReply {
  std::string bytes;
  std::size_t sequence_id_at = 0;
  std::size_t guid_at = 0;       ///< of the session or operation; 0 = the reply has none
  std::size_t has_more_at = 0;   ///< FetchResults only
  std::size_t start_row_at = 0;  ///< FetchResults only
  std::size_t head_size = 0;     ///< all changing places lie in the first so many bytes
  /// FetchResults only: metadata of the result follows here, for clients that ask for it.
  std::size_t metadata_at = 0;
};

PreparedReply prepare_open_session();
PreparedReply prepare_close_session();
PreparedReply prepare_close_operation();
PreparedReply prepare_cancel_operation();
PreparedReply prepare_operation_status();
/// An ERROR_STATUS reply to ExecuteStatement.
PreparedReply prepare_refusal(const std::string& sqlstate, const std::string& message);
/// The answer to a method this server does not have.
std::string unknown_method(std::string_view method, std::int32_t sequence_id);

/// Everything a statement's result consists of.
struct PreparedResult {
  PreparedReply execute;             ///< with direct results: status, metadata, the first page
  PreparedReply metadata;            ///< GetResultSetMetadata
  std::vector<PreparedReply> pages;  ///< FetchResults, the distinct ones
  PreparedReply after_last;          ///< FetchResults of clients that ask once more
  std::int64_t page_count = 1;
  std::int64_t rows_per_page = 0;
  bool lz4 = false;
  std::vector<std::string> files;  ///< CloudFetch: the distinct ones
  std::int64_t file_count = 0;
  Pace pace;                ///< of the files
  std::string rest_answer;  ///< CloudFetch: to the statement, over the REST protocol
  // Of the whole result:
  std::uint64_t arrow_bytes = 0;
  std::uint64_t wire_bytes = 0;  ///< of the batches, without Thrift and HTTP
  Checksum checksum;

  bool closed_at_once() const noexcept { return page_count == 1; }
};

/// What the REST protocol calls the statement of a result.
std::string statement_id_of(std::uint32_t result);

/// \param address  where files are served; `file_count` and `rows_per_file` are set here
PreparedResult prepare_result(EncodedResult result, const PagesSpec& spec, FileAddress address);

}  // namespace dbsql::bench
