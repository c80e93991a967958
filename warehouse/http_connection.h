#pragma once

// Included by http_server.cc alone: this is the only place that pays for Asio and Beast.

#include "base/text.h"
#include "warehouse/http_server.h"
#include "warehouse/upload.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dbsql::warehouse::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

constexpr std::chrono::seconds kBodyTimeout{300};
constexpr std::chrono::seconds kHandshakeTimeout{30};
constexpr std::size_t kUploadPiece = std::size_t{256} << 10;

/// The server's handle on a connection of either kind.
class AnyConnection {
 public:
  virtual ~AnyConnection() = default;
  /// Closes the socket. Threads: any.
  virtual void shut() = 0;
};

/// Objects that are alive, by number; they leave by their destructor. Threads: safe from any
/// thread.
template <class T>
class LiveTable {
 public:
  std::uint64_t next_number() { return ++last_number_; }

  void add(std::uint64_t number, std::weak_ptr<T> object) {
    std::lock_guard lock(mutex_);
    objects_.emplace(number, std::move(object));
  }

  void forget(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    objects_.erase(number);
    if (objects_.empty()) emptied_.notify_all();
  }

  std::vector<std::shared_ptr<T>> alive() const {
    std::vector<std::shared_ptr<T>> alive;
    std::lock_guard lock(mutex_);
    for (const auto& [number, object] : objects_) {
      if (auto found = object.lock()) alive.push_back(std::move(found));
    }
    return alive;
  }

  void wait_until_empty(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    emptied_.wait_for(lock, limit, [this] { return objects_.empty(); });
  }

 private:
  std::atomic<std::uint64_t> last_number_{0};
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_map<std::uint64_t, std::weak_ptr<T>> objects_;  // guarded by mutex_
};

/// What connections need from their server; outlives them all.
struct ConnectionHost {
  HttpServerOptions options;
  HttpServer::Handler handler;
  std::shared_ptr<asio::io_context> io;
  LiveTable<AnyConnection> connections;
  std::atomic<bool> stopped{false};  ///< replies go nowhere any more
};

inline const char* reason_phrase(int status) {
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  return known == http::status::unknown ? "Unknown" : http::obsolete_reason(known).data();
}

inline std::string reply_head(const HttpReply& reply, bool keep_alive) {
  std::string head =
      base::concat("HTTP/1.1 ", reply.status, " ", reason_phrase(reply.status), "\r\n");
  for (const Header& header : reply.headers) {
    head += base::concat(header.name, ": ", header.value, "\r\n");
  }
  head += base::concat("content-length: ", reply.body_size(), "\r\n");
  if (!keep_alive) head += "connection: close\r\n";
  head += "\r\n";
  return head;
}

/// One accepted connection: reads a request, hands it on, writes the reply, and again.
///
/// Ownership: keeps itself alive while an operation or an unanswered exchange refers to it.
/// Threads: everything runs on the stream's strand.
template <class Stream>
class HttpConnection final : public AnyConnection,
                             public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  template <class... StreamArguments>
  HttpConnection(std::shared_ptr<ConnectionHost> host, std::uint64_t number,
                 StreamArguments&&... stream)
      : host_(std::move(host)),
        number_(number),
        stream_(std::forward<StreamArguments>(stream)...) {}

  ~HttpConnection() override { host_->connections.forget(number_); }

  void start() {
    asio::dispatch(stream_.get_executor(),
                   [self = this->shared_from_this()] { self->handshake(); });
  }

  void shut() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->close(); });
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  void close() {
    error_code ignored;
    lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    lowest().close();
  }

  void reset() {
    error_code ignored;
    lowest().socket().set_option(asio::socket_base::linger(true, 0), ignored);
    lowest().close();
  }

  void handshake() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(kHandshakeTimeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (error) return self->close();
                                self->read_head();
                              });
    } else {
      read_head();
    }
  }

  void read_head() {
    parser_.emplace();
    // Which limit holds is known after the head; the parser compares the declared length with this.
    parser_->body_limit(
        std::max<std::uint64_t>(host_->options.max_body_bytes, host_->options.max_upload_bytes));
    parser_->header_limit(host_->options.max_header_bytes);
    lowest().expires_after(host_->options.idle_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->refuse(error);
                              self->answer_expectation();
                            });
  }

  void answer_expectation() {
    lowest().expires_after(kBodyTimeout);
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = this->shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->close();
                        self->read_body();
                      });
  }

  void read_body() {
    const HttpRequest head = head_of(parser_->get());
    const auto& upload_for = host_->options.upload_for;
    upload_ = upload_for ? upload_for(head) : nullptr;
    const bool has_body = parser_->content_length().value_or(1) > 0 && !parser_->is_done();
    if (upload_ && has_body) return start_upload();
    const std::uint64_t limit = host_->options.max_body_bytes;
    if (parser_->content_length().value_or(0) > limit)
      return refuse(make_error_code(http::error::body_limit));
    parser_->body_limit(limit);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->refuse(error);
                       auto message = self->parser_->release();
                       self->hand_on(message, std::move(message.body()));
                     });
  }

  /// A body that goes to a file, a piece at a time.
  void start_upload() {
    upload_parser_.emplace(std::move(*parser_));
    upload_parser_->body_limit(host_->options.max_upload_bytes);
    piece_.resize(kUploadPiece);
    buffer_.reserve(kUploadPiece);  // Beast reads as much at a time as there is room, or 512 bytes
    read_piece();
  }

  void read_piece() {
    lowest().expires_after(kBodyTimeout);
    auto& body = upload_parser_->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    http::async_read(stream_, buffer_, *upload_parser_,
                     [self = this->shared_from_this()](error_code error, std::size_t) {
                       if (error == http::error::need_buffer) error = {};
                       if (error) return self->refuse(error);
                       self->store_piece();
                     });
  }

  void store_piece() {
    upload_->append({piece_.data(), piece_.size() - upload_parser_->get().body().size});
    if (upload_->is_to_be_reset()) return reset();
    if (!upload_parser_->is_done()) return read_piece();
    auto message = upload_parser_->release();
    hand_on(message, {});
  }

  template <class Message>
  HttpRequest head_of(const Message& message) const {
    HttpRequest request{.method = std::string(message.method_string()),
                        .target = std::string(message.target()),
                        .headers = {},
                        .body = {},
                        .upload = {},
                        .connection = number_};
    for (const auto& field : message.base()) {
      request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    return request;
  }

  /// What came is not a request that we take: say why where HTTP has a word for it, then close.
  void refuse(error_code error) {
    HttpReply reply;
    if (error == http::error::body_limit) {
      reply =
          json_reply(413, R"({"error_code":"RESOURCE_EXHAUSTED","message":"request too large"})");
    } else if (error == http::error::header_limit) {
      reply =
          json_reply(431, R"({"error_code":"RESOURCE_EXHAUSTED","message":"headers too large"})");
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      reply = json_reply(400, R"({"error_code":"BAD_REQUEST","message":"not an HTTP request"})");
    } else {
      return close();
    }
    reply.close_connection = true;
    write(std::move(reply));
  }

  template <class Message>
  void hand_on(const Message& message, std::string body) {
    lowest().expires_never();
    keep_alive_ = message.keep_alive();
    HttpRequest request = head_of(message);
    request.body = std::move(body);
    request.upload = std::move(upload_);
    auto send = [self = this->shared_from_this()](HttpReply reply) {
      if (self->host_->stopped) return;
      asio::post(self->stream_.get_executor(),
                 [self, kept = std::make_shared<HttpReply>(std::move(reply))] {
                   self->write(std::move(*kept));
                 });
    };
    const auto exchange = std::make_shared<Exchange>(std::move(request), std::move(send));
    try {
      host_->handler(exchange);
    } catch (const std::exception&) {
      exchange->reply(
          json_reply(500, R"({"error_code":"INTERNAL_ERROR","message":"request failed"})"));
    }
  }

  void write(HttpReply reply) {
    reply_ = std::move(reply);
    const Delivery& delivery = reply_.delivery;
    const bool complete = delivery.ending == Delivery::Ending::Complete;
    if (!complete && !delivery.body_bytes) return finish_delivery();
    keep_alive_ = keep_alive_ && !reply_.close_connection;
    head_ = reply_head(reply_, keep_alive_);
    std::vector<asio::const_buffer> buffers{asio::buffer(head_)};
    std::size_t left = complete ? reply_.body_size() : *delivery.body_bytes;
    for (const base::Buffer& part : reply_.body) {
      const std::size_t size = std::min(left, part.size());
      if (size != 0) buffers.emplace_back(part.data(), size);
      left -= size;
    }
    asio::async_write(stream_, buffers,
                      [self = this->shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->close();
                        self->finish_delivery();
                      });
  }

  void finish_delivery() {
    const Delivery::Ending ending = reply_.delivery.ending;
    reply_ = {};
    head_.clear();
    switch (ending) {
      case Delivery::Ending::Complete:
        return keep_alive_ ? read_head() : close();
      case Delivery::Ending::Close:
        return close();
      case Delivery::Ending::Reset:
        return reset();
      case Delivery::Ending::Stall:
        return stay_silent();
    }
  }

  /// Holds the connection until the peer gives up; whatever it still sends is thrown away.
  void stay_silent() {
    buffer_.clear();
    lowest().async_read_some(buffer_.prepare(512),
                             [self = this->shared_from_this()](error_code error, std::size_t) {
                               if (error) return self->close();
                               self->stay_silent();
                             });
  }

  const std::shared_ptr<ConnectionHost> host_;  // first: the stream needs its io_context to the end
  const std::uint64_t number_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::request_parser<http::buffer_body>> upload_parser_;
  std::shared_ptr<Upload> upload_;  // of the request that is being read
  std::vector<char> piece_;
  bool keep_alive_ = true;
  std::string head_;
  HttpReply reply_;
};

}  // namespace dbsql::warehouse::detail
