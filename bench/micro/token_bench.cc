// What a request pays for its Authorization header while the token is good: every request of every
// thread passes here. `copy` is the floor: the header's value is known and only copied into the
// request.

#include <dbsql/token_provider.h>

#include "auth/authenticator.h"
#include "auth/token_cache.h"
#include "base/call_context.h"
#include "http/transport.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace dbsql::bench {
namespace {

constexpr std::size_t kTokenSize = 900;  // an OAuth access token; personal ones have 36

std::string token_text() { return std::string(kTokenSize, 'x'); }

/// Tokens of a service, good for an hour.
std::shared_ptr<TokenProvider> service() {
  return std::make_shared<ExternalTokenProvider>([](const TokenContext&) {
    Token token;
    token.access_token = token_text();
    token.issued_at = std::chrono::system_clock::now();
    token.expires_at = *token.issued_at + std::chrono::hours(1);
    return token;
  });
}

/// What every request has before the credentials come to it.
http::Headers usual_headers() {
  http::Headers headers;
  headers.reserve(8);
  return headers;
}

void copy(benchmark::State& state) {
  static const std::string value = "Bearer " + token_text();
  http::Headers headers = usual_headers();
  for (auto _ : state) {
    headers.push_back({"Authorization", value});
    benchmark::DoNotOptimize(headers.data());
    headers.clear();
  }
}

void apply(benchmark::State& state, const auth::Authenticator& authenticator) {
  http::Headers headers = usual_headers();
  const base::CallContext call;
  for (auto _ : state) {
    authenticator.apply(headers, call);
    benchmark::DoNotOptimize(headers.data());
    headers.clear();
  }
}

void fixed(benchmark::State& state) {
  static const auth::Authenticator authenticator(token_text());
  apply(state, authenticator);
}

void cached(benchmark::State& state) {
  static const auth::Authenticator authenticator(service());
  apply(state, authenticator);
}

/// The cache alone, without the header.
void cache_alone(benchmark::State& state) {
  static auth::TokenCache cache(service());
  const base::CallContext call;
  for (auto _ : state) benchmark::DoNotOptimize(cache.get(call));
}

/// One lock for all threads, as one would write it first.
void one_lock(benchmark::State& state) {
  static std::mutex mutex;
  static const auto entry = std::make_shared<const std::string>("Bearer " + token_text());
  http::Headers headers = usual_headers();
  for (auto _ : state) {
    std::shared_ptr<const std::string> mine;
    {
      const std::lock_guard lock(mutex);
      mine = entry;
    }
    if (std::chrono::steady_clock::now() == std::chrono::steady_clock::time_point()) break;
    headers.push_back({"Authorization", *mine});
    benchmark::DoNotOptimize(headers.data());
    headers.clear();
  }
}

void alone_and_together(benchmark::internal::Benchmark* bench) {
  bench->Threads(1)->Threads(64)->UseRealTime();
}

BENCHMARK(copy)->Name("token/copy")->Apply(alone_and_together);
BENCHMARK(fixed)->Name("token/fixed")->Apply(alone_and_together);
BENCHMARK(cached)->Name("token/cached")->Apply(alone_and_together);
BENCHMARK(cache_alone)->Name("token/cache_alone")->Apply(alone_and_together);
BENCHMARK(one_lock)->Name("token/one_lock")->Apply(alone_and_together);

}  // namespace
}  // namespace dbsql::bench
