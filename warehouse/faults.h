#pragma once

#include "warehouse/http_message.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// What goes wrong with a request, on purpose.
struct Fault {
  enum class Kind : std::uint8_t {
    None,          ///< only the delay
    Status,        ///< another HTTP reply instead; the engine never sees the request
    StatusAfter,   ///< the request is carried out, then this HTTP reply is sent in place of its own
    ResetBefore,   ///< connection reset; the engine never sees the request
    ResetAfter,    ///< the request is carried out, then the connection is reset without a reply
    Stall,         ///< taken and never answered; the engine never sees the request
    StallAfter,    ///< the request is carried out, then never answered
    TruncateBody,  ///< the reply ends after `body_bytes` of its body, the declared length stays
    StallBody,     ///< the reply stops after `body_bytes` of its body, the connection stays open
    ResetBody,     ///< the connection is reset after `body_bytes` of the reply's body
    ResetUpload,   ///< the connection is reset after `body_bytes` of the body of a PUT to a volume
  };

  Kind kind = Kind::None;
  std::chrono::milliseconds delay{0};  ///< before anything else happens
  int status = 503;
  Headers headers;
  std::string body;
  std::size_t body_bytes = 0;

  static Fault delayed(std::chrono::milliseconds wait) {
    return {.kind = Kind::None, .delay = wait};
  }
  static Fault answer(int status, Headers headers = {}, std::string body = {}) {
    return {.kind = Kind::Status,
            .status = status,
            .headers = std::move(headers),
            .body = std::move(body)};
  }
  static Fault answer_after(int status) { return {.kind = Kind::StatusAfter, .status = status}; }
  static Fault reset_before() { return {.kind = Kind::ResetBefore}; }
  static Fault reset_after() { return {.kind = Kind::ResetAfter}; }
  static Fault stall() { return {.kind = Kind::Stall}; }
  static Fault stall_after() { return {.kind = Kind::StallAfter}; }
  static Fault truncate_body(std::size_t bytes) {
    return {.kind = Kind::TruncateBody, .body_bytes = bytes};
  }
  static Fault stall_body(std::size_t bytes) {
    return {.kind = Kind::StallBody, .body_bytes = bytes};
  }
  static Fault reset_body(std::size_t bytes) {
    return {.kind = Kind::ResetBody, .body_bytes = bytes};
  }
  static Fault reset_upload(std::size_t bytes) {
    return {.kind = Kind::ResetUpload, .body_bytes = bytes};
  }
};

/// The name that scripts and the journal use, for instance "reset_after".
std::string_view to_string(Fault::Kind kind) noexcept;

/// Which requests a fault befalls. A request must match everything that is given.
struct FaultRule {
  std::string path;  ///< the request's path begins so; empty = any
  /// Thrift method, or HTTP method of the storage host; "*" = any request.
  std::string method = "*";
  std::uint64_t skip = 0;   ///< matching requests that pass unharmed first
  std::uint64_t count = 1;  ///< matching requests that are hit after that; 0 = all of them
  Fault fault;
};

/// The list of rules in force. The first rule that matches and is not used up decides; a skipped
/// request is counted and left to later rules.
///
/// Threads: safe from any thread.
class FaultRules {
 public:
  void add(FaultRule rule);
  /// One rule for the next request of that Thrift method.
  void once(std::string_view method, Fault fault);
  void clear();

  /// The fault of a request that has arrived.
  std::optional<Fault> next(std::string_view path, std::string_view method);
  /// The fault of a PUT to a volume whose body is about to arrive: a `ResetUpload`, or none.
  std::optional<Fault> next_upload(std::string_view path);

  /// Adds the rules of a script (docs/warehouse.md): one JSON object or an array of them.
  /// \throws std::invalid_argument naming the member that is wrong; then no rule was added
  void add_script(std::string_view json);
  /// The rules with how often each matched and hit, as a JSON array.
  std::string to_json() const;

 private:
  struct Entry {
    FaultRule rule;
    std::uint64_t matched = 0;
    std::uint64_t hit = 0;
  };

  std::optional<Fault> find(std::string_view path, std::string_view method, bool is_upload);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
};

}  // namespace dbsql::warehouse
