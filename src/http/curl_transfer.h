#pragma once

#include "base/buffer.h"
#include "base/clock.h"
#include "http/curl_handles.h"
#include "http/curl_transport.h"
#include "http/header_list.h"
#include "http/transport.h"
#include "http/url.h"

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::http {

class StreamedBodies;

/// One request on its way through libcurl: everything libcurl points into while it runs.
///
/// Ownership: shared by the engine, from submission to the end, and by whoever may want to abort
/// it. Threads: built on the caller's thread; everything else happens on the I/O thread, but for
///   `request_may_have_left`.
class CurlTransfer {
 public:
  using TimePoint = base::Clock::TimePoint;

  /// \param streamed  carries the bodies that are not held in memory; null = there are none
  /// \throws ConfigurationError  the URL is not an http or https URL
  CurlTransfer(const Request& request, std::shared_ptr<CurlHandles> handles,
               std::optional<TimePoint> deadline, CurlTransport::Completion completion,
               std::shared_ptr<StreamedBodies> streamed = nullptr);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* easy() const noexcept { return handle_->get(); }

  /// Whether the request was about to be written at some time. Any thread.
  bool request_may_have_left() const noexcept {
    return request_started_.load(std::memory_order_acquire);
  }

  /// When the engine has to look at this transfer again; nothing = never.
  std::optional<TimePoint> next_check() const noexcept;
  /// The failure of a transfer that has overstayed; nothing when it may go on.
  std::optional<Failure> check(TimePoint now);

  /// Ends the transfer: gives the handle back and tells the completion.
  void finish(CURLcode code) noexcept;
  void fail(Failure failure) noexcept;
  /// Ends it without telling anybody. The handle is thrown away: it may be in any state.
  void discard() noexcept;

  /// Goes on after a pause for want of bytes to send or of room for bytes received.
  void resume() noexcept;

  /// Position in the engine's table of running transfers.
  std::size_t slot = kNoSlot;
  static constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);

  // libcurl's callbacks (curl_handles.cc registers them); the user pointer is the `CurlHandle`.
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* handle);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* handle);
  static std::size_t on_send(char* into, std::size_t size, std::size_t count, void* handle);
  static curl_socket_t on_open_socket(void* handle, curlsocktype purpose, curl_sockaddr* address);
  static int on_ready_to_send(void* handle, char* remote_ip, char* local_ip, int remote_port,
                              int local_port);

 private:
  void prepare(const Request& request, const Url& url);
  void prepare_method(const Request& request);
  void prepare_body(const Request& request);
  void add_header(std::string_view line);
  std::size_t receive(std::span<const std::byte> bytes);
  bool is_success() const noexcept;
  void add_body(std::span<const std::byte> bytes);
  void make_room(std::size_t more);
  void grow_body(std::size_t capacity);
  void report_growth();
  bool may_send() noexcept;
  curl_off_t bytes_written() const noexcept;
  bool bytes_sent() const noexcept;
  bool is_resend(CURLcode code) const noexcept;
  Reply reply_of(CURLcode code);
  Response take_response();
  Failure failure_of(CURLcode code) const;
  std::string origin() const;
  void complete(Reply reply) noexcept;

  std::shared_ptr<CurlHandles> handles_;
  std::unique_ptr<CurlHandle> handle_;
  base::Buffer request_body_;
  std::shared_ptr<StreamedBodies> streamed_;  ///< null: all bodies are held in memory
  std::optional<HeaderList> request_headers_;
  CurlTransport::Completion completion_;

  std::optional<TimePoint> deadline_;
  std::chrono::milliseconds silence_limit_;
  std::optional<TimePoint> silent_until_;
  std::size_t moved_at_check_ = 0;

  std::atomic<bool> request_started_{false};
  curl_off_t written_before_ = 0;  ///< bytes that had left when the request began (proxy handshake)

  Headers headers_;
  std::shared_ptr<base::MutableBuffer> body_;  ///< shared with those who read what has arrived
  std::function<void(const base::Buffer&)> on_body_growth_;
  std::size_t growth_step_ = 0;
  std::size_t reported_ = 0;  ///< bytes of the body that were told of
  std::size_t moved_ = 0;     ///< header and body bytes received, bytes of a streamed body sent
  std::size_t header_bytes_ = 0;
  std::string local_problem_;  ///< why a callback ended the transfer
};

}  // namespace dbsql::http
