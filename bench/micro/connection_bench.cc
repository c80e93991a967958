// What a new network connection costs a program, beside a kept one: a TLS handshake is a thousand
// times the work of a small request, and one that resumes an earlier session half of that.
//
// The server is another process, so that the CPU counted is the client's alone.

#include "http/curl_transport.h"
#include "http/transport.h"
#include "micro/tls_server.h"

#include <benchmark/benchmark.h>
#include <curl/curl.h>
#include <sys/resource.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

namespace dbsql::bench {
namespace {

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

/// Times `request`, and counts the CPU of all threads of this process.
template <class Request>
void measure(benchmark::State& state, Request request) {
  for (int i = 0; i < 20; ++i) request();  // the first one has no session to resume
  const double begin = cpu_us();
  for (auto _ : state) request();
  state.counters["cpu_us"] = (cpu_us() - begin) / static_cast<double>(state.iterations());
}

/// Whether the connection came to be as its name says.
void check(const std::string& expected, std::string_view body) {
  if (expected != body) throw std::runtime_error("the connection is " + std::string(body));
}

void ours(benchmark::State& state, const TlsServer& server, bool keeps,
          const std::string& expected) {
  http::CurlTransport transport({.tls = {.ca_file = server.ca_file()}});
  http::Request request;
  request.method = "GET";
  request.url = server.url(keeps);
  std::string last;
  measure(state, [&] {
    const http::Reply reply = transport.send(request, {});
    if (!std::holds_alternative<http::Response>(reply))
      throw std::runtime_error(std::get<http::Failure>(reply).message);
    last = std::get<http::Response>(reply).body.text();
  });
  check(expected, last);
}

std::size_t keep_body(char* data, std::size_t, std::size_t size, void* body) {
  static_cast<std::string*>(body)->assign(data, size);
  return size;
}

/// The least that a client with an HTTP library can need: one handle, which keeps its sessions.
void libcurl(benchmark::State& state, const TlsServer& server, bool keeps,
             const std::string& expected) {
  std::string last;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   &curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, server.url(keeps).c_str());
  curl_easy_setopt(handle.get(), CURLOPT_CAINFO, server.ca_file().c_str());
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &last);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  measure(state, [&] {
    if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK)
      throw std::runtime_error(curl_easy_strerror(code));
  });
  check(expected, last);
}

/// Both are started at once, before this process has a second thread.
struct Servers {
  TlsServer forgetful{TlsServer::Sessions::None};
  TlsServer remembering{TlsServer::Sessions::Resumed};
};

const Servers& servers() {
  static const Servers both;
  return both;
}

using Client = void (*)(benchmark::State&, const TlsServer&, bool keeps, const std::string&);

void kept(benchmark::State& state, Client client) {
  client(state, servers().forgetful, true, "new");
}
void resumed(benchmark::State& state, Client client) {
  client(state, servers().remembering, false, "resumed");
}
void anew(benchmark::State& state, Client client) {
  client(state, servers().forgetful, false, "new");
}

BENCHMARK_CAPTURE(kept, libcurl, libcurl)->Name("connection/libcurl/kept")->UseRealTime();
BENCHMARK_CAPTURE(resumed, libcurl, libcurl)->Name("connection/libcurl/resumed")->UseRealTime();
BENCHMARK_CAPTURE(anew, libcurl, libcurl)->Name("connection/libcurl/new")->UseRealTime();
BENCHMARK_CAPTURE(kept, ours, ours)->Name("connection/ours/kept")->UseRealTime();
BENCHMARK_CAPTURE(resumed, ours, ours)->Name("connection/ours/resumed")->UseRealTime();
BENCHMARK_CAPTURE(anew, ours, ours)->Name("connection/ours/new")->UseRealTime();

}  // namespace
}  // namespace dbsql::bench
