// dbsql-bench-server: a warehouse that only sends prepared replies, so that a benchmark measures
// its client.
//
// usage: dbsql-bench-server [--lifetime SECONDS] [--prepare STATEMENT]...
//
// Prints one line of JSON with its port, then serves plain HTTP on the loopback interface until its
// parent process or its lifetime ends. Statements: `SELECT 1` and those of bench/workload/spec.h.

#include "server/http_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace dbsql::bench {

namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  std::chrono::seconds lifetime{1800};
  std::vector<std::string> statements;
};

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (i + 1 == count) throw std::invalid_argument("option without a value: " + std::string(name));
    const std::string_view value = values[++i];
    if (name == "--prepare") {
      arguments.statements.emplace_back(value);
    } else if (name == "--lifetime") {
      arguments.lifetime = std::chrono::seconds(std::stol(std::string(value)));
    } else {
      throw std::invalid_argument("unknown option " + std::string(name));
    }
  }
  return arguments;
}

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

class Server {
 public:
  Server() {
    epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    listener_ = checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(listener_, 128), "listen");
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }
  ~Server() {
    ::close(listener_);
    ::close(epoll_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    checked(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohs(address.sin_port);
  }

  /// Until the lifetime ends, or the parent is another one than at the start.
  void run(Service& service, Clock::time_point end) {
    service_ = &service;
    const pid_t parent = ::getppid();
    std::array<epoll_event, 64> events{};
    while (Clock::now() < end && ::getppid() == parent) {
      const int count =
          ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
      for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)]);
      serve_due();
    }
  }

 private:
  void watch(int socket, std::uint32_t what, int how) {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    checked(::epoll_ctl(epoll_, how, socket, &event), "epoll_ctl");
  }

  /// Until the next reply that leaves at a measured pace.
  int wait_ms() const {
    auto wait = std::chrono::milliseconds(1000);
    const auto now = Clock::now();
    for (const auto& [socket, watched] : connections_) {
      const auto due = watched.connection->due();
      if (due) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*due - now));
    }
    return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
  }

  void serve_due() {
    const auto now = Clock::now();
    std::vector<int> due;
    for (const auto& [socket, watched] : connections_) {
      const auto moment = watched.connection->due();
      if (moment && *moment <= now) due.push_back(socket);
    }
    for (const int socket : due) {
      const auto found = connections_.find(socket);
      after(found, found->second.connection->on_writable());
    }
  }

  void accept_all() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[socket] = {std::make_unique<HttpConnection>(socket, *service_, stats_), false};
      watch(socket, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void handle(const epoll_event& event) {
    const int socket = event.data.fd;
    if (socket == listener_) return accept_all();
    const auto found = connections_.find(socket);
    if (found == connections_.end()) return;
    HttpConnection& connection = *found->second.connection;
    after(found,
          (event.events & EPOLLOUT) != 0 ? connection.on_writable() : connection.on_readable());
  }

  struct Watched {
    std::unique_ptr<HttpConnection> connection;
    bool waits_for_space = false;
  };
  using Connections = std::map<int, Watched>;

  void after(Connections::iterator place, bool alive) {
    if (!alive) {
      connections_.erase(place);  // closing takes the socket out of the epoll set
      return;
    }
    auto& [connection, waits_for_space] = place->second;
    const bool waits = connection->has_output() && !connection->due();
    if (waits == waits_for_space) return;
    waits_for_space = waits;
    watch(place->first, waits ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
  }

  Service* service_ = nullptr;
  Stats stats_;
  int epoll_ = -1;
  int listener_ = -1;
  Connections connections_;
};

int run(int count, char** values) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGPIPE, SIG_IGN);
  const Arguments arguments = read_arguments(count, values);
  const auto end = Clock::now() + arguments.lifetime;
  Server server;
  Service service("http://127.0.0.1:" + std::to_string(server.port()));
  for (const std::string& statement : arguments.statements) service.prepare(statement);
  std::printf("{\"port\": %d}\n", server.port());
  std::fflush(stdout);
  server.run(service, end);
  return 0;
}

}  // namespace

}  // namespace dbsql::bench

int main(int count, char** values) {
  try {
    return dbsql::bench::run(count, values);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dbsql-bench-server: %s\n", error.what());
    return 2;
  }
}
