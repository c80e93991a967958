// dbsql-bench-floor: the least work with which a client could do the same
// (reference/performance.md 2.3).
//
// usage: dbsql-bench-floor --port PORT --sql STATEMENT [--repeat N]       a result of pages or
// files
//        dbsql-bench-floor --port PORT --queries N [--curl]               SELECT 1, N times
//        dbsql-bench-floor --port PORT --sessions N [--curl]              open and close, N times
//
// One thread, a blocking socket, memory that was touched before and is reused, no checks, no HTTP
// library (with --curl: one reused libcurl handle, the least that a client with an HTTP library can
// need). Prints one JSON object.

#include "floor/curl_http.h"
#include "floor/page.h"
#include "floor/raw_http.h"
#include "floor/requests.h"
#include "floor/work.h"
#include "measure/report.h"
#include "workload/spec.h"

#include <lz4.h>

#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbsql::bench {

namespace {

/// A session with the bench server over one connection.
class Session {
 public:
  explicit Session(std::uint16_t port) : http_(port), memory_(PageWork::kMemory) {
    const auto reply = http_.exchange(RawHttp::request(open_session_message()), memory_);
    guid_ = guid_in(reply, 3);
  }
  ~Session() { http_.exchange(RawHttp::request(close_session_message(guid_)), memory_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Receives a result, and gives the body of each page or file to `use`.
  template <class Use>
  void read(const std::string& statement, const PagesSpec& spec, Use use) {
    const bool is_files = spec.form == ResultForm::Files;
    const std::int64_t replies = is_files ? (spec.pages + spec.links - 1) / spec.links : spec.pages;
    const std::string execute =
        RawHttp::request(execute_message(guid_, statement, spec.lz4, spec.form));
    const auto reply = http_.exchange(execute, memory_);
    const std::string operation = guid_in(reply, 2);
    const auto use_reply = [&](std::span<const char> body) {
      is_files ? download(body, use) : static_cast<void>(use(body));
    };
    use_reply(reply);
    const std::string fetch = RawHttp::request(fetch_message(operation));
    for (std::int64_t page = 1; page < replies; ++page) use_reply(http_.exchange(fetch, memory_));
    if (replies > 1) http_.exchange(RawHttp::request(close_operation_message(operation)), memory_);
  }

  std::uint64_t reads() const noexcept { return http_.reads(); }
  const std::string& guid() const noexcept { return guid_; }
  RawHttp& http() noexcept { return http_; }
  ReusedMemory& memory() noexcept { return memory_; }

 private:
  template <class Use>
  void download(std::span<const char> reply, Use use) {
    find_links(reply, links_);
    for (const std::string& link : links_) use(http_.exchange(RawHttp::get(link), memory_));
  }

  RawHttp http_;
  ReusedMemory memory_;
  std::string guid_;
  std::vector<std::string> links_;
};

struct Arguments {
  std::uint16_t port = 0;
  std::string statement;
  int repeat = 1;
  int queries = 0;
  int sessions = 0;
  bool curl = false;
};

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (name == "--curl") {
      arguments.curl = true;
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument("option without a value: " + name);
    const std::string value = values[++i];
    if (name == "--port") {
      arguments.port = static_cast<std::uint16_t>(std::stoi(value));
    } else if (name == "--sql") {
      arguments.statement = value;
    } else if (name == "--repeat") {
      arguments.repeat = std::stoi(value);
    } else if (name == "--queries") {
      arguments.queries = std::stoi(value);
    } else if (name == "--sessions") {
      arguments.sessions = std::stoi(value);
    } else {
      throw std::invalid_argument("unknown option " + name);
    }
  }
  return arguments;
}

nlohmann::json timed(Session& session, const std::function<Checksum()>& pass) {
  const std::uint64_t reads = session.reads();
  const Usage begin = Usage::now();
  const Checksum seen = pass();
  auto report = pass_report(Usage::now() - begin, seen);
  report["reads"] = session.reads() - reads;
  return report;
}

nlohmann::json run_pages(const Arguments& arguments) {
  const auto spec = PagesSpec::parse(arguments.statement);
  if (!spec) throw std::invalid_argument("not a statement with pages: " + arguments.statement);
  Session session(arguments.port);
  PageWork work(*spec);

  Checksum verified;
  std::vector<std::vector<char>> kept;  // the distinct pages, for the pass without a network
  session.read(arguments.statement, *spec, [&](std::span<const char> reply) {
    verified += work.verify(reply);
    if (static_cast<std::int64_t>(kept.size()) < spec->distinct_pages())
      kept.emplace_back(reply.begin(), reply.end());
  });

  nlohmann::json passes = {{"recv", nlohmann::json::array()},
                           {"decode", nlohmann::json::array()},
                           {"recv+decode", nlohmann::json::array()}};
  for (int i = 0; i < arguments.repeat; ++i) {
    passes["recv"].push_back(timed(session, [&] {
      session.read(arguments.statement, *spec, [](std::span<const char>) {});
      return Checksum{};
    }));
    passes["decode"].push_back(timed(session, [&] {
      Checksum sum;
      for (std::int64_t page = 0; page < spec->pages; ++page)
        sum += work.decode(kept[static_cast<std::size_t>(page) % kept.size()]);
      return sum;
    }));
    passes["recv+decode"].push_back(timed(session, [&] {
      Checksum sum;
      session.read(arguments.statement, *spec,
                   [&](std::span<const char> reply) { sum += work.decode(reply); });
      return sum;
    }));
  }
  return {{"verified", {{"rows", verified.rows}, {"checksum", std::to_string(verified.cells)}}},
          {"passes", passes}};
}

/// A small thing, again and again.
nlohmann::json run_again_and_again(int count, const std::function<void()>& once) {
  for (int i = 0; i < 200; ++i) once();  // warm-up
  std::vector<double> wall_us;
  wall_us.reserve(static_cast<std::size_t>(count));
  const Usage begin = Usage::now();
  for (int i = 0; i < count; ++i) {
    const double before = Usage::wall_clock_s();
    once();
    wall_us.push_back((Usage::wall_clock_s() - before) * 1e6);
  }
  return queries_report(Usage::now() - begin, std::move(wall_us));
}

nlohmann::json run_sessions(const Arguments& arguments) {
  RawHttp http(arguments.port);
  ReusedMemory memory(PageWork::kMemory);
  CurlHttp curl(arguments.port);
  const std::string open = open_session_message();
  const std::string open_request = RawHttp::request(open);
  return run_again_and_again(arguments.sessions, [&] {
    if (arguments.curl) {
      curl.exchange(close_session_message(guid_in(curl.exchange(open), 3)));
    } else {
      const std::string guid = guid_in(http.exchange(open_request, memory), 3);
      http.exchange(RawHttp::request(close_session_message(guid)), memory);
    }
  });
}

nlohmann::json run_queries(const Arguments& arguments) {
  Session session(arguments.port);
  const std::string message = execute_message(session.guid(), kSelectOne, true, ResultForm::Arrow);
  const std::string request = RawHttp::request(message);
  CurlHttp curl(arguments.port);
  return run_again_and_again(arguments.queries, [&] {
    if (arguments.curl) {
      curl.exchange(message);
    } else {
      session.http().exchange(request, session.memory());
    }
  });
}

nlohmann::json run_what_is_asked(const Arguments& arguments) {
  if (arguments.sessions > 0) return run_sessions(arguments);
  return arguments.queries > 0 ? run_queries(arguments) : run_pages(arguments);
}

int run(int count, char** values) {
  const Arguments arguments = read_arguments(count, values);
  nlohmann::json report = run_what_is_asked(arguments);
  report["versions"] = {{"liblz4", LZ4_versionString()}, {"libcurl", CurlHttp::version()}};
  report["peak_rss_kib"] = status_kib("VmHWM");
  std::printf("%s\n", report.dump().c_str());
  return 0;
}

}  // namespace

}  // namespace dbsql::bench

int main(int count, char** values) {
  try {
    return dbsql::bench::run(count, values);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dbsql-bench-floor: %s\n", error.what());
    return 1;
  }
}
