#include "micro/tls_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace dbsql::bench {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("TLS server: ") + what);
}

/// For this address and a day, signed by itself.
Certificate make_certificate(EVP_PKEY* key) {
  Certificate certificate(X509_new(), X509_free);
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 24L * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("bench"), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(made));
  X509_set_pubkey(made, key);
  for (const auto& [id, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                  std::pair{NID_subject_alt_name, "IP:127.0.0.1"}}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    require(extension != nullptr, "no extension");
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  require(X509_sign(made, key, EVP_sha256()) != 0, "no signature");
  return certificate;
}

std::string write_file(X509* certificate) {
  std::string name = "/tmp/dbsql-bench-XXXXXX";
  const int descriptor = ::mkstemp(name.data());
  require(descriptor >= 0, "no file");
  FILE* const file = ::fdopen(descriptor, "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  return name;
}

bool has_request(SSL* tls, std::string& request) {
  request.clear();
  std::array<char, 4096> piece{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    const int size = SSL_read(tls, piece.data(), static_cast<int>(piece.size()));
    if (size <= 0) return false;
    request.append(piece.data(), static_cast<std::size_t>(size));
  }
  return true;
}

void serve(SSL_CTX* context, int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context), SSL_free);
  SSL_set_fd(tls.get(), socket);
  std::string request;
  bool keeps = SSL_accept(tls.get()) == 1;
  while (keeps && has_request(tls.get(), request)) {
    keeps = request.find("/kept") != std::string::npos;
    const std::string_view body = SSL_session_reused(tls.get()) == 1 ? "resumed" : "new";
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                              (keeps ? "" : "\r\nConnection: close") + "\r\n\r\n" +
                              std::string(body);
    SSL_write(tls.get(), reply.data(), static_cast<int>(reply.size()));
  }
  SSL_shutdown(tls.get());
  ::close(socket);
}

[[noreturn]] void run(SSL_CTX* context, int listener) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGPIPE, SIG_IGN);
  while (true) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket >= 0) std::thread(serve, context, socket).detach();
  }
}

SSL_CTX* make_context(EVP_PKEY* key, X509* certificate, TlsServer::Sessions sessions) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  require(SSL_CTX_use_certificate(context, certificate) == 1, "no certificate");
  require(SSL_CTX_use_PrivateKey(context, key) == 1, "no key");
  if (sessions == TlsServer::Sessions::None) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
  return context;
}

}  // namespace

TlsServer::TlsServer(Sessions sessions) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = make_certificate(key.get());
  ca_file_ = write_file(certificate.get());
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener, any, size) == 0 && ::listen(listener, 64) == 0 &&
              ::getsockname(listener, any, &size) == 0,
          "no port");
  port_ = ntohs(address.sin_port);
  process_ = ::fork();
  require(process_ >= 0, "no process");
  if (process_ == 0) run(make_context(key.get(), certificate.get(), sessions), listener);
  ::close(listener);
}

TlsServer::~TlsServer() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  ::unlink(ca_file_.c_str());
}

std::string TlsServer::url(bool keeps) const {
  return "https://127.0.0.1:" + std::to_string(port_) + (keeps ? "/kept" : "/closed");
}

}  // namespace dbsql::bench
