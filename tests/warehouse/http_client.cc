#include "tests/warehouse/http_client.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace dbsql::test {

struct HttpClient::State {
  int socket = -1;
  SSL_CTX* context = nullptr;
  SSL* tls = nullptr;
  std::string buffer;
  int error = 0;
  bool ended = false;

  ~State() {
    if (tls != nullptr) SSL_free(tls);
    if (context != nullptr) SSL_CTX_free(context);
    if (socket >= 0) ::close(socket);
  }

  void connect(std::uint16_t port) {
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }

  void show(const KeyAndCertificate& own) const {
    BIO* const text = BIO_new(BIO_s_mem());
    BIO_write(text, own.certificate.data(), static_cast<int>(own.certificate.size()));
    BIO_write(text, own.key.data(), static_cast<int>(own.key.size()));
    X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
    const bool is_set = SSL_CTX_use_certificate(context, certificate) == 1 &&
                        SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(text);
    if (!is_set) throw std::runtime_error("cannot use the certificate");
  }

  void start_tls(const std::string& ca_file, const KeyAndCertificate* own) {
    context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
      throw std::runtime_error("cannot read the authority");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (own != nullptr) show(*own);
    tls = SSL_new(context);
    SSL_set1_host(tls, "localhost");
    SSL_set_fd(tls, socket);
    if (SSL_connect(tls) != 1) throw std::runtime_error("the TLS handshake failed");
  }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent =
          tls != nullptr
              ? static_cast<ssize_t>(SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())))
              : ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        error = errno;
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads some bytes more; false when there will be none.
  bool read() {
    std::array<char, 16384> piece;
    errno = 0;
    const auto got =
        tls != nullptr
            ? static_cast<ssize_t>(SSL_read(tls, piece.data(), static_cast<int>(piece.size())))
            : ::recv(socket, piece.data(), piece.size(), 0);
    if (got > 0) {
      buffer.append(piece.data(), static_cast<std::size_t>(got));
      return true;
    }
    error = errno;
    ended = error == 0;
    return false;
  }
};

std::string HttpResult::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

HttpClient::HttpClient(std::uint16_t port, std::string_view ca_file, const KeyAndCertificate* own)
    : state_(std::make_unique<State>()) {
  state_->connect(port);
  set_timeout(std::chrono::seconds(20));
  if (!ca_file.empty()) state_->start_tls(std::string(ca_file), own);
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

void HttpClient::set_timeout(std::chrono::milliseconds timeout) {
  timeval value{};
  value.tv_sec = timeout.count() / 1000;
  value.tv_usec = timeout.count() % 1000 * 1000;
  setsockopt(state_->socket, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value));
}

HttpResult HttpClient::send(std::string_view method, std::string_view target, std::string_view body,
                            const Headers& headers) {
  std::string request = base::concat(method, " ", target, " HTTP/1.1\r\nhost: localhost\r\n");
  for (const auto& [name, value] : headers) request += base::concat(name, ": ", value, "\r\n");
  request += base::concat("content-length: ", body.size(), "\r\n\r\n");
  request += body;
  state_->write(request);
  return receive();
}

void HttpClient::send_raw(std::string_view bytes) { state_->write(bytes); }

HttpResult HttpClient::receive() {
  HttpResult result;
  std::size_t end = std::string::npos;
  while ((end = state_->buffer.find("\r\n\r\n")) == std::string::npos) {
    if (state_->read()) continue;
    result.error = state_->error;
    result.ended = state_->ended;
    return result;
  }
  const std::string head = state_->buffer.substr(0, end);
  state_->buffer.erase(0, end + 4);
  const auto lines = base::split(head, '\n');
  result.status = base::parse_number<int>(lines[0].substr(9, 3)).value_or(0);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    result.headers.emplace_back(base::to_lower(lines[i].substr(0, colon)),
                                std::string(base::trim(lines[i].substr(colon + 1))));
  }
  result.declared_length =
      base::parse_number<std::size_t>(result.header("content-length")).value_or(0);
  while (state_->buffer.size() < result.declared_length) {
    if (state_->read()) continue;
    result.error = state_->error;
    result.ended = state_->ended;
    break;
  }
  result.body = state_->buffer.substr(0, result.declared_length);
  state_->buffer.erase(0, result.body.size());
  return result;
}

bool HttpClient::is_open() const {
  char byte = 0;
  const auto got = ::recv(state_->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 || (got < 0 && errno == EAGAIN);
}

bool HttpClient::wait_for_close() {
  while (state_->read()) {
  }
  return state_->error != EAGAIN;
}

}  // namespace dbsql::test
