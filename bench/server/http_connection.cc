#include "server/http_connection.h"

#include <nlohmann/json.hpp>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <exception>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

/// The value of a header, its name given in lower case; empty when it is missing.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos;
       line = head.find("\r\n", line + 2)) {
    const std::string_view text = head.substr(line + 2);
    if (text.size() <= name.size() || text[name.size()] != ':') continue;
    if (::strncasecmp(text.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = text.substr(name.size() + 1, text.find("\r\n") - name.size() - 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

std::size_t content_length(std::string_view head) {
  const std::string_view text = header(head, "content-length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], code, 16).ec == std::errc()) {
      decoded += static_cast<char>(code);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string facts_of(const PreparedResult& result) {
  return nlohmann::json{{"rows", result.checksum.rows},
                        {"pages", result.page_count},
                        {"arrow_bytes", result.arrow_bytes},
                        {"wire_bytes", result.wire_bytes},
                        {"checksum", std::to_string(result.checksum.cells)},
                        {"touch", std::to_string(result.checksum.touch)},
                        {"files", result.file_count},
                        {"lz4", result.lz4}}
      .dump();
}

}  // namespace

HttpConnection::HttpConnection(int socket, Service& service, Stats& stats)
    : socket_(socket), service_(service), stats_(stats) {
  input_.reserve(kReadSize);
  stats_.connection_opened();
}

HttpConnection::~HttpConnection() { ::close(socket_); }

bool HttpConnection::on_readable() {
  while (true) {
    const std::size_t used = input_.size();
    input_.resize(used + kReadSize);
    const ssize_t received = ::recv(socket_, input_.data() + used, kReadSize, 0);
    input_.resize(used + static_cast<std::size_t>(std::max<ssize_t>(received, 0)));
    if (received == 0) return false;
    if (received < 0) return errno == EAGAIN || errno == EINTR;
    if (!handle_buffered()) return false;
    if (static_cast<std::size_t>(received) < kReadSize) return true;
  }
}

bool HttpConnection::on_writable() { return send() && handle_buffered(); }

/// Requests are answered one after the other: the next one waits until the reply has left.
bool HttpConnection::handle_buffered() {
  HttpRequest request;
  while (!has_output() && next_request(request)) {
    answer(request);
    input_.erase(0, request.size);
    if (!send()) return false;
  }
  return true;
}

bool HttpConnection::next_request(HttpRequest& request) const {
  const std::string_view input = input_;
  const std::size_t end = input.find(kHeadEnd);
  if (end == std::string_view::npos) return false;
  const std::string_view head = input.substr(0, end);
  const std::size_t body_at = end + kHeadEnd.size();
  request.size = body_at + content_length(head);
  if (input.size() < request.size) return false;
  request.body = input.substr(body_at, request.size - body_at);
  request.method = head.substr(0, head.find(' '));
  const std::size_t target_at = std::min(request.method.size() + 1, head.size());
  request.target = head.substr(target_at, head.find(' ', target_at) - target_at);
  return true;
}

void HttpConnection::answer(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  outgoing_.head.clear();
  outgoing_.body = outgoing_.tail = {};
  sent_ = 0;
  pacing_.stop();
  Method method = Method::Other;
  try {
    method = answer_body(request);
  } catch (const std::exception& error) {
    outgoing_.head = error.what();
    put_http_head(request.method == "GET" ? "404 Not Found" : "400 Bad Request", "text/plain");
  }
  stats_.add(method, request.size, outgoing_.size(), std::chrono::steady_clock::now() - begin);
}

Method HttpConnection::answer_body(const HttpRequest& request) {
  if (request.target.starts_with("/files/")) {
    send_file(request.target.substr(7));
    return Method::Download;
  }
  if (const std::string_view json = answer_rest(request, service_, outgoing_.head); !json.empty()) {
    if (json.data() != outgoing_.head.data()) outgoing_.body = json;
    put_http_head("200 OK", "application/json");
    return Method::Rest;
  }
  if (request.method == "GET") {
    answer_local(request.target);
    return Method::Other;
  }
  const Method method = service_.answer(request.body, outgoing_);
  put_http_head("200 OK", "application/x-thrift");
  return method;
}

/// `/stats`, and `/facts?STATEMENT` for what a client must have seen after reading its result.
void HttpConnection::answer_local(std::string_view target) {
  if (target == "/stats") {
    outgoing_.head = stats_.to_json(service_.last_options());
  } else if (target.starts_with("/facts?")) {
    outgoing_.head = facts_of(service_.prepare(percent_decoded(target.substr(7))));
  } else {
    throw std::invalid_argument("there are only /stats, /facts?STATEMENT and files");
  }
  put_http_head("200 OK", "application/json");
}

/// `RESULT/FILE?signature`.
void HttpConnection::send_file(std::string_view target) {
  std::uint32_t number = 0;
  std::size_t file = 0;
  const char* end = target.data() + target.size();
  const auto after = std::from_chars(target.data(), end, number).ptr;
  if (after == end || std::from_chars(after + 1, end, file).ec != std::errc())
    throw std::invalid_argument("a file has the address /files/RESULT/FILE");
  const PreparedResult& result = service_.result(number);
  if (file >= static_cast<std::size_t>(result.file_count))
    throw std::invalid_argument("the result has no such file");
  outgoing_.body = result.files[file % result.files.size()];
  put_http_head("200 OK", "application/octet-stream");
  pacing_.start(result.pace, Pacing::Clock::now());
}

void HttpConnection::put_http_head(std::string_view status, std::string_view content_type) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(status);
  head.append("\r\nContent-Type: ").append(content_type);
  head.append("\r\nContent-Length: ").append(std::to_string(outgoing_.size())).append(kHeadEnd);
  outgoing_.head.insert(0, head);
}

bool HttpConnection::send() {
  due_.reset();
  while (has_output()) {
    const auto now = Pacing::Clock::now();
    if ((due_ = pacing_.next(sent_, now))) return true;
    std::size_t room = pacing_.allowed(now) - sent_;
    std::array<iovec, 3> pieces{};
    std::size_t count = 0;
    std::size_t skip = sent_;
    for (const std::string_view piece :
         {std::string_view(outgoing_.head), outgoing_.body, outgoing_.tail}) {
      const std::size_t skipped = std::min(skip, piece.size());
      const std::size_t size = std::min(piece.size() - skipped, room);
      skip -= skipped;
      room -= size;
      if (size > 0) pieces[count++] = {const_cast<char*>(piece.data() + skipped), size};
    }
    const ssize_t written = ::writev(socket_, pieces.data(), static_cast<int>(count));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno == EAGAIN;
    sent_ += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace dbsql::bench
