#include "http/curl_transfer.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/clean_header.h"
#include "http/curl_failure.h"
#include "http/streamed_bodies.h"
#include "http/url.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::http {
namespace {

// A declared length is a claim: no more than this is set aside before the bytes arrive.
constexpr std::size_t kLargestReservation = std::size_t{64} << 20;
constexpr std::size_t kLargestGrowthStep = std::size_t{1} << 20;
constexpr std::size_t kFirstReservation = std::size_t{16} << 10;
constexpr std::size_t kLargestHeader = std::size_t{256}
                                       << 10;  // libcurl 7.88 has no bound of its own
// Of the reply to a streamed request, when it is an error: enough to say what is wrong.
constexpr std::size_t kLargestErrorBody = std::size_t{64} << 10;

Url parse_url(const Request& request) {
  auto url = Url::parse(request.url);
  if (!url) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat(
                     "the URL of ", request.name.empty() ? "a request" : request.name,
                     " is not a valid http or https URL; check host, port and http path")});
  }
  return *std::move(url);
}

void require_clean(const Headers& headers) {
  for (const Header& header : headers) {
    if (is_clean(header)) continue;
    const std::string_view name(header.name);
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = base::concat("the header '", name.substr(0, name.find_first_of("\r\n")),
                                         "' has an empty name or contains a line break")});
  }
}

CurlTransfer* transfer_of(void* handle) noexcept {
  return static_cast<CurlHandle*>(handle)->transfer;
}

std::optional<CurlTransfer::TimePoint> silence_end(std::chrono::milliseconds limit) {
  if (limit.count() <= 0) return std::nullopt;
  return std::chrono::steady_clock::now() + limit;
}

}  // namespace

CurlTransfer::CurlTransfer(const Request& request, std::shared_ptr<CurlHandles> handles,
                           std::optional<TimePoint> deadline, CurlTransport::Completion completion,
                           std::shared_ptr<StreamedBodies> streamed)
    : handles_(std::move(handles)),
      request_body_(request.body),
      streamed_(std::move(streamed)),
      completion_(std::move(completion)),
      deadline_(deadline),
      silence_limit_(request.first_byte_timeout),
      silent_until_(silence_end(silence_limit_)),
      body_(std::make_shared<base::MutableBuffer>()),
      on_body_growth_(request.on_body_growth),
      growth_step_(request.growth_step) {
  const Url url = parse_url(request);
  require_clean(request.headers);
  handle_ = handles_->take();
  handle_->transfer = this;
  prepare(request, url);
}

void CurlTransfer::prepare(const Request& request, const Url& url) {
  handle_->set(CURLOPT_URL, request.url.c_str());
  prepare_method(request);
  handle_->use_proxy(handles_->proxies().proxy_for(url));
  const bool decodes = streamed_ == nullptr;
  if (decodes != handle_->decodes_bodies) {
    handle_->set(CURLOPT_HTTP_CONTENT_DECODING, decodes ? 1L : 0L);
    handle_->decodes_bodies = decodes;
  }
}

void CurlTransfer::prepare_method(const Request& request) {
  const bool has_body = !request.body.empty() || (streamed_ && streamed_->upload_size()) ||
                        request.method == "POST" || request.method == "PUT" ||
                        request.method == "PATCH";
  std::array<std::string_view, 2> extra;
  std::size_t extra_count = 0;
  const char* custom = nullptr;
  if (has_body) {
    prepare_body(request);
    if (request.method != "POST") custom = request.method.c_str();
    extra[extra_count++] = "Expect:";  // never wait for 100 Continue
    if (find_header(request.headers, "content-type").empty())
      extra[extra_count++] = "Content-Type:";
  } else {
    handle_->set(CURLOPT_HTTPGET, 1L);
    if (request.method == "HEAD") {
      handle_->set(CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      custom = request.method.c_str();
    }
  }
  handle_->set(CURLOPT_CUSTOMREQUEST, custom);
  request_headers_.emplace(request.headers, std::span(extra.data(), extra_count));
  handle_->set(CURLOPT_HTTPHEADER, request_headers_->get());
}

void CurlTransfer::prepare_body(const Request& request) {
  const std::uint64_t size =
      streamed_ ? streamed_->upload_size().value_or(request.body.size()) : request.body.size();
  const bool is_streamed = size > 0 && request.body.empty();
  handle_->set(CURLOPT_POST, 1L);
  handle_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  // Without fields libcurl asks `on_send` for the body.
  handle_->set(CURLOPT_POSTFIELDS, is_streamed ? nullptr
                                   : size == 0
                                       ? ""
                                       : reinterpret_cast<const char*>(request.body.data()));
}

std::optional<CurlTransfer::TimePoint> CurlTransfer::next_check() const noexcept {
  if (deadline_ && silent_until_) return std::min(*deadline_, *silent_until_);
  return deadline_ ? deadline_ : silent_until_;
}

std::optional<Failure> CurlTransfer::check(TimePoint now) {
  if (deadline_ && now >= *deadline_) {
    return Failure{.kind = ErrorKind::Timeout,
                   .message = base::concat("the deadline passed before the reply of ", origin(),
                                           " was complete"),
                   .bytes_sent = bytes_sent()};
  }
  if (!silent_until_ || now < *silent_until_) return std::nullopt;
  if (moved_ != moved_at_check_ || (streamed_ && streamed_->is_paused())) {
    moved_at_check_ = moved_;
    silent_until_ = now + silence_limit_;
    return std::nullopt;
  }
  return Failure{
      .kind = ErrorKind::Timeout,
      .message = base::concat(origin(), " was silent for ", silence_limit_.count(), " ms"),
      .bytes_sent = bytes_sent()};
}

// ------------------------------------------------------------------------------------------------
// callbacks

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* handle) {
  CurlTransfer* self = transfer_of(handle);
  try {
    self->add_header({data, size * count});
    return self->local_problem_.empty() ? size * count : 0;
  } catch (...) {  // nothing may be thrown through libcurl
    self->local_problem_ = "out of memory";
    return 0;
  }
}

void CurlTransfer::add_header(std::string_view line) {
  moved_ += line.size();
  header_bytes_ += line.size();
  if (header_bytes_ > kLargestHeader) {
    local_problem_ = base::concat("its headers are longer than ", kLargestHeader, " bytes");
    return;
  }
  if (line.starts_with("HTTP/"))
    headers_.clear();  // the headers of a 1xx reply are not the reply's
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  headers_.push_back({std::string(base::trim(line.substr(0, colon))),
                      std::string(base::trim(line.substr(colon + 1)))});
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* handle) {
  CurlTransfer* self = transfer_of(handle);
  try {
    return self->receive(std::as_bytes(std::span(data, size * count)));
  } catch (...) {
    self->local_problem_ = "there is not enough memory for it";
    return 0;
  }
}

std::size_t CurlTransfer::on_send(char* into, std::size_t size, std::size_t count, void* handle) {
  CurlTransfer* self = transfer_of(handle);
  if (!self->streamed_) return CURL_READFUNC_ABORT;
  const std::size_t given =
      self->streamed_->give(std::as_writable_bytes(std::span(into, size * count)));
  self->moved_ += given;
  return given > 0 ? given : CURL_READFUNC_PAUSE;
}

void CurlTransfer::resume() noexcept { curl_easy_pause(easy(), CURLPAUSE_CONT); }

/// \return what libcurl wants to hear: all of the bytes, a pause, or 0 for the end of the transfer
std::size_t CurlTransfer::receive(std::span<const std::byte> bytes) {
  if (streamed_ && streamed_->has_sink() && is_success()) {
    curl_off_t declared = -1;
    curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared);
    const auto size = declared >= 0 ? std::optional<std::uint64_t>(declared) : std::nullopt;
    if (!streamed_->accept(bytes, size)) return CURL_WRITEFUNC_PAUSE;
    moved_ += bytes.size();
    return bytes.size();
  }
  const std::size_t whole = bytes.size();
  if (streamed_) bytes = bytes.first(std::min(whole, kLargestErrorBody - body_->size()));
  add_body(bytes);
  return local_problem_.empty() ? whole : 0;
}

bool CurlTransfer::is_success() const noexcept {
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

void CurlTransfer::add_body(std::span<const std::byte> bytes) {
  moved_ += bytes.size();
  if (bytes.size() > body_->capacity() - body_->size()) make_room(bytes.size());
  if (!local_problem_.empty()) return;
  body_->append(bytes);
  if (on_body_growth_ && body_->size() - reported_ >= growth_step_) report_growth();
}

void CurlTransfer::grow_body(std::size_t capacity) {
  if (reported_ == 0) return body_->reserve(capacity);
  // Somebody reads the old memory, which must stay.
  auto larger =
      std::make_shared<base::MutableBuffer>(base::BufferArena::process().allocate(capacity));
  larger->append({body_->data(), body_->size()});
  body_ = std::move(larger);
}

/// The memory must stay where it is: only bodies whose declared size was set aside at once are
/// reported. Their last part comes with the reply.
void CurlTransfer::report_growth() {
  long status = 0;
  curl_off_t declared = -1;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared);
  if (status != 200 || declared <= 0 || std::cmp_less(body_->capacity(), declared)) {
    on_body_growth_ = nullptr;
    return;
  }
  reported_ = body_->size();
  growth_step_ = std::max(growth_step_, std::min(2 * growth_step_, kLargestGrowthStep));
  if (std::cmp_less(reported_, declared))
    on_body_growth_({body_, std::span<const std::byte>(body_->data(), reported_)});
}

void CurlTransfer::make_room(std::size_t more) {
  const std::size_t limit = handles_->options().max_body_size;
  curl_off_t declared = -1;
  curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared);
  const auto expected = declared > 0 ? static_cast<std::size_t>(declared) : 0;
  const std::size_t needed = body_->size() + more;
  if (expected > limit || needed > limit) {
    local_problem_ = base::concat("it is longer than the limit of ", limit, " bytes");
    return;
  }
  std::size_t capacity = std::max(needed, std::min(expected, kLargestReservation));
  if (body_->capacity() == 0) {
    if (expected == 0) capacity = std::max(capacity, kFirstReservation);
    *body_ = base::BufferArena::process().allocate(capacity);
  } else {
    // Twice as much each time, but never past what was declared: the last step is then exact.
    const std::size_t twice = body_->capacity() * 2;
    grow_body(std::max(needed, expected > needed ? std::min(twice, expected) : twice));
  }
}

// libcurl silently sends a request again when a kept connection dies before the first byte of the
// reply, also a POST that the server may have begun to execute. It opens a socket for that, or
// takes another kept connection, and asks in both cases. We allow another sending only when not a
// byte of the request had left before; everything else is for the retry table to decide
// (reference/auth-http-config.md 4.7, "failure after bytes sent").
curl_socket_t CurlTransfer::on_open_socket(void* handle, curlsocktype, curl_sockaddr* address) {
  if (transfer_of(handle)->bytes_sent()) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::on_ready_to_send(void* handle, char*, char*, int, int) {
  return transfer_of(handle)->may_send() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

bool CurlTransfer::may_send() noexcept {
  if (bytes_sent()) return false;
  written_before_ = bytes_written();
  request_started_.store(true, std::memory_order_release);
  return true;
}

// ------------------------------------------------------------------------------------------------
// the end

curl_off_t CurlTransfer::bytes_written() const noexcept {
  long written = 0;
  curl_easy_getinfo(easy(), CURLINFO_REQUEST_SIZE, &written);
  return written;
}

bool CurlTransfer::bytes_sent() const noexcept {
  return request_started_.load(std::memory_order_relaxed) && bytes_written() > written_before_;
}

void CurlTransfer::finish(CURLcode code) noexcept {
  try {
    complete(reply_of(code));
  } catch (...) {
    fail({.kind = ErrorKind::ResourceExhausted,
          .message = "out of memory",
          .bytes_sent = bytes_sent(),
          .permanent = true});
  }
}

void CurlTransfer::fail(Failure failure) noexcept { complete(std::move(failure)); }

void CurlTransfer::discard() noexcept { completion_ = nullptr; }

void CurlTransfer::complete(Reply reply) noexcept {
  handles_->give_back(std::move(handle_));
  const auto completion = std::exchange(completion_, nullptr);
  if (completion) completion(std::move(reply));
}

Reply CurlTransfer::reply_of(CURLcode code) {
  if (code == CURLE_OK) return take_response();
  return failure_of(code);
}

Response CurlTransfer::take_response() {
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  const std::span<const std::byte> bytes(body_->data(), body_->size());
  return {static_cast<int>(status), std::move(headers_), base::Buffer(std::move(body_), bytes)};
}

Failure CurlTransfer::failure_of(CURLcode code) const {
  if (!local_problem_.empty()) {
    return {.kind = ErrorKind::ResourceExhausted,
            .message = base::concat("the reply of ", origin(), " was refused: ", local_problem_),
            .bytes_sent = true,
            .permanent = true};
  }
  CurlFailure failure{.code = code,
                      .detail = handle_->error_text(),
                      .origin = origin(),
                      .proxy = handle_->proxy == nullptr ? std::string() : handle_->proxy->url,
                      .bytes_sent = bytes_sent()};
  if (is_resend(code)) {
    failure.detail = "a connection kept from an earlier request was closed by the server";
  }
  curl_easy_getinfo(easy(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  curl_easy_getinfo(easy(), CURLINFO_PROXY_ERROR, &failure.proxy_error);
  return to_failure(failure);
}

/// Whether our refusal to send again ended the transfer.
bool CurlTransfer::is_resend(CURLcode code) const noexcept {
  return code == CURLE_ABORTED_BY_CALLBACK || (code == CURLE_COULDNT_CONNECT && bytes_sent());
}

std::string CurlTransfer::origin() const {
  const char* text = nullptr;
  curl_easy_getinfo(easy(), CURLINFO_EFFECTIVE_URL, &text);
  const auto url = text != nullptr ? Url::parse(text) : std::nullopt;
  return url ? url->origin() : "the server";
}

}  // namespace dbsql::http
