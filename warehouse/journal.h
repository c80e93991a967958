#pragma once

#include "warehouse/http_message.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {

/// One request as it was received, and what became of it.
struct JournalEntry {
  std::uint64_t number = 0;  ///< counted from 1, never used again
  std::chrono::system_clock::time_point received;
  std::chrono::microseconds duration{0};  ///< until the reply left the handler
  std::string method;                     ///< HTTP
  std::string path;  ///< with its query; of sign-ins and signed links without their secrets
  std::string thrift_method;  ///< empty when the request is not a Thrift call
  std::string statement;      ///< ExecuteStatement: its text, cut to `Journal::kMaxStatementBytes`
  std::string operation_id;   ///< of a call that names or made an operation
  int status = 0;             ///< of the reply; 0 = none was sent (yet)
  std::size_t request_bytes = 0;
  std::size_t response_bytes = 0;
  std::uint64_t connection = 0;  ///< number of the TCP connection
  std::string fault;             ///< name of the fault that was applied
  /// Of a request to the token endpoint and its like: its fields, secret values as `***`.
  std::vector<std::pair<std::string, std::string>> form;
  Headers headers;  ///< of the request; credentials are `***`
};

/// Every request the warehouse received, newest kept when there are too many.
///
/// Threads: safe from any thread.
class Journal {
 public:
  static constexpr std::size_t kMaxEntries = 10'000;
  static constexpr std::size_t kMaxStatementBytes = 64 * 1024;         ///< of one statement
  static constexpr std::size_t kMaxTextBytes = std::size_t{32} << 20;  ///< of all statements

  /// Records an arrival and returns its number.
  std::uint64_t begin(const HttpRequest& request, std::string_view thrift_method);
  void set_statement(std::uint64_t number, std::string_view statement);
  void set_operation(std::uint64_t number, std::string_view operation_id);
  void set_form(std::uint64_t number, std::vector<std::pair<std::string, std::string>> form);
  void set_fault(std::uint64_t number, std::string_view fault);
  void finish(std::uint64_t number, int status, std::size_t response_bytes);

  std::vector<JournalEntry> entries() const;
  /// Requests of that Thrift method (or, with a leading slash, whose path begins so) since the last
  /// `clear`.
  std::size_t count(std::string_view method_or_path) const;
  void clear();

  /// All entries as JSON: {"entries": [...], "dropped": N}.
  std::string to_json() const;

 private:
  JournalEntry* find_locked(std::uint64_t number);
  void drop_oldest_locked();

  mutable std::mutex mutex_;
  std::deque<JournalEntry> entries_;  // guarded by mutex_
  std::uint64_t next_number_ = 1;     // guarded by mutex_
  std::uint64_t dropped_ = 0;         // guarded by mutex_
  std::size_t text_bytes_ = 0;        // guarded by mutex_
};

}  // namespace dbsql::warehouse
