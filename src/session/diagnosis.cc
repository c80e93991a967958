#include "session/diagnosis.h"

#include <dbsql/error.h>
#include <dbsql/error_info.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/one_line.h"
#include "base/text.h"
#include "http/http_error.h"
#include "http/reach.h"
#include "http/storage_error.h"
#include "protocol/backend.h"
#include "session/credentials.h"
#include "session/explain_auth.h"
#include "session/server_parts.h"
#include "session/transport.h"

#include <array>
#include <optional>
#include <utility>
#include <variant>

namespace dbsql::session {
namespace {

using Outcome = DiagnosisStep::Outcome;
using Stage = http::Reach::Stage;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 10> kSteps{"configuration", "dns",    "tcp",  "proxy",
                                                  "tls",           "clock",  "auth", "session",
                                                  "statement",     "storage"};
constexpr std::size_t kLongestDetail = 1000;
// Beyond this, signed links and tokens are refused by one side or the other.
constexpr std::chrono::seconds kLargestSkew{60};
// Reads no table, and is too large for any server to send inline.
constexpr std::string_view kLargeQuery =
    "SELECT id, md5(CAST(id AS STRING)) AS text FROM range(400000)";
const Parameters kNoParameters;

/// One run through all steps, up to the first that nothing can follow.
class Examination {
 public:
  Examination(const ConnectorOptions::Impl& options, const DiagnosisOptions& how)
      : options_(options), how_(how) {}

  Diagnosis run() {
    base::check(call(), clock_);
    if (configuration() && network() && auth() && session() && statement()) storage();
    if (session_) session_->close();
    while (diagnosis_.steps.size() < kSteps.size()) {
      DiagnosisStep rest;
      rest.detail = base::concat("rests on ", failed_);
      add(std::move(rest));
    }
    return std::move(diagnosis_);
  }

 private:
  base::CallContext call() const {
    base::CallContext call;
    call.deadline = clock_.now() + how_.step_timeout;
    call.stop = how_.stop;
    return call;
  }

  /// The next step, whatever came of it. \return whether it has not failed
  bool add(DiagnosisStep step) {
    step.name = kSteps.at(diagnosis_.steps.size());
    step.detail = base::cut(base::one_line(step.detail), kLongestDetail);
    const bool failed = step.outcome == Outcome::Failed;
    if (failed && failed_.empty()) failed_ = step.name;
    if (how_.on_step) how_.on_step(step);
    diagnosis_.steps.push_back(std::move(step));
    return !failed;
  }

  bool add(Outcome outcome, std::string detail, std::string cure = {}, milliseconds elapsed = {}) {
    DiagnosisStep step;
    step.outcome = outcome;
    step.detail = std::move(detail);
    step.cure = std::move(cure);
    step.elapsed = elapsed;
    return add(std::move(step));
  }

  /// A step that is work of the driver's own: its errors are what is wrong.
  template <class Work>
  bool attempt(Work&& work) {
    const auto started = clock_.now();
    DiagnosisStep step;
    step.outcome = Outcome::Ok;
    try {
      work(step, call());
    } catch (const Error& error) {
      if (how_.stop.stop_requested()) throw;
      step.outcome = Outcome::Failed;
      step.detail = error.message();
      if (error.cause() != nullptr)
        step.detail += base::concat(" (before: ", error.cause()->message(), ")");
      step.cure = cure_of(error);
    }
    step.elapsed = std::chrono::duration_cast<milliseconds>(clock_.now() - started);
    return add(std::move(step));
  }

  static std::string cure_of(const Error& error) {
    const Error* const first = error.cause();
    const bool starts = error.kind() == ErrorKind::Unavailable ||
                        (first != nullptr && first->kind() == ErrorKind::Unavailable);
    if (starts)
      return "the warehouse is starting, stopped or overloaded: look at it in the workspace, start "
             "it, or allow more time (--timeout)";
    std::string cure(info_of(error.kind()).cure);
    // Databricks says the same to tokens that it does not know.
    if (error.http_status() == 403)
      cure +=
          "; a token that is wrong or has expired may be refused like this, too: `dbsql auth "
          "explain` tells which one is used";
    return cure;
  }

  bool configuration() {
    return attempt([&](DiagnosisStep& step, const base::CallContext&) {
      config_ = options_.build();
      diagnosis_.origin = origin_of(*config_);
      transport_ = make_transport(*config_);
      step.detail = base::concat("complete; http path ", config_->http_path);
    });
  }

  bool network() {
    const http::Url server{config_->scheme, config_->host, config_->port, {}, {}};
    http::Reach found;
    try {
      found = http::reach(server, config_->transport, how_.step_timeout, call());
    } catch (const Error& error) {
      if (how_.stop.stop_requested()) throw;
      return add(Outcome::Failed, error.message(), std::string(info_of(error.kind()).cure));
    }
    return name(found) && connected(found) && proxy(found) && tls(found) && clock(found);
  }

  std::string target(const http::Reach& found) const {
    return found.proxy.empty() ? config_->host : base::concat("the proxy ", found.proxy);
  }

  bool name(const http::Reach& found) {
    if (found.stage == Stage::Name)
      return add(
          Outcome::Failed, found.failure->message,
          base::concat("check the name, and that this machine's name service knows ", target(found),
                       "; where only a proxy leads to the internet, set proxy.url"),
          found.name_time);
    return add(Outcome::Ok,
               found.address.empty() ? base::concat(target(found), " has an address")
                                     : base::concat(target(found), " leads to ", found.address),
               {}, found.name_time);
  }

  bool connected(const http::Reach& found) {
    if (found.stage == Stage::Connect)
      return add(Outcome::Failed, found.failure->message,
                 base::concat("check the port; is a firewall in the way of ", target(found),
                              ", or is a proxy needed (proxy.url)?"),
                 found.connect_time);
    return add(Outcome::Ok, base::concat("connected to ", found.address), {}, found.connect_time);
  }

  bool proxy(const http::Reach& found) {
    if (found.stage == Stage::Proxy)
      return add(Outcome::Failed, found.failure->message,
                 base::concat("check proxy.url, proxy.username and proxy.password, and that the "
                              "proxy permits connections to ",
                              config_->host, ':', static_cast<int>(config_->port)));
    if (found.proxy.empty()) return add(Outcome::Skipped, "none: the way is direct");
    return add(Outcome::Ok, base::concat(found.proxy, " leads to ", config_->host));
  }

  static std::string shown(const std::vector<http::ShownCertificate>& chain) {
    if (chain.empty()) return "no certificate was shown";
    const http::ShownCertificate& own = chain.front();
    return base::concat("the certificate ", own.subject,
                        own.names.empty() ? "" : base::concat(" for ", own.names), ", good until ",
                        own.expires, ", issued by ", own.issuer, "; ", chain.size(),
                        " in the chain");
  }

  bool tls(const http::Reach& found) {
    if (config_->scheme != "https") return add(Outcome::Skipped, "plain http: nothing is secured");
    if (found.stage == Stage::Tls)
      return add(
          Outcome::Failed, base::concat(found.failure->message, "; ", shown(found.chain)),
          "another name in the certificate means that another server answers: check the "
          "host; an authority that is not known here, such as that of a proxy which inspects "
          "traffic, is added with tls.ca_file; one that has expired must be renewed where "
          "the server is run; a wrong version number means that no TLS is spoken there",
          found.tls_time);
    const bool trusts_all = config_->transport.tls.verify == http::TlsOptions::Verify::None;
    return add(
        Outcome::Ok,
        base::concat(trusts_all ? "not verified (tls.verify=none): " : "", shown(found.chain)), {},
        found.tls_time);
  }

  bool clock(const http::Reach& found) {
    if (found.stage == Stage::Answer) {
      add(Outcome::Failed, found.failure->message,
          "something on the way, or at that port, does not speak HTTP: check host and port",
          found.reply_time);
      return false;
    }
    if (!found.date) return add(Outcome::Skipped, "the server does not tell the time");
    const auto skew =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.system_now() - *found.date);
    const std::string detail =
        base::concat("this machine's clock is ", std::abs(skew.count()), " s ",
                     skew.count() < 0 ? "behind" : "ahead of", " the server's");
    if (skew > kLargestSkew || skew < -kLargestSkew) {
      // The rest may work all the same: whoever asks wants to know.
      add(Outcome::Failed, detail,
          "set the clock of this machine: tokens and signed links are refused when it is wrong",
          found.reply_time);
      return true;
    }
    return add(Outcome::Ok, detail, {}, found.reply_time);
  }

  bool auth() {
    return attempt([&](DiagnosisStep& step, const base::CallContext& call) {
      const AuthExplanation how =
          explain_auth(options_, {.deadline = call.deadline, .stop = call.stop});
      if (!how.failure.empty())
        throw_error({.kind = ErrorKind::Configuration, .message = how.failure});
      const auto authenticator = make_authenticator(options_, *config_, transport_);
      http::Headers headers;
      authenticator->apply(headers, call);
      backend_ = make_backend(*config_, authenticator, transport_);
      if (headers.empty()) step.outcome = Outcome::Skipped;
      step.detail = base::concat(
          how.method(),
          headers.empty() ? ": no credentials are sent" : ": there is a credential to send",
          how.rule.empty() ? "" : base::concat(" (", how.rule, ")"));
    });
  }

  bool session() {
    return attempt([&](DiagnosisStep& step, const base::CallContext& call) {
      session_ = backend_->open_session({.catalog = config_->catalog,
                                         .schema = config_->schema,
                                         .confs = config_->session_confs,
                                         .observer = nullptr},
                                        call);
      step.detail = base::concat("the warehouse runs and has opened session ", session_->id());
    });
  }

  bool statement() {
    return attempt([&](DiagnosisStep& step, const base::CallContext& call) {
      const auto operation =
          session_->execute({.sql = "SELECT 1", .parameters = &kNoParameters}, call);
      operation->wait(call);
      static_cast<void>(operation->next_page(call));
      operation->close();
      step.detail = base::concat("SELECT 1 was statement ", operation->statement_id());
    });
  }

  bool storage() {
    if (!config_->cloudfetch) return add(Outcome::Skipped, "cloudfetch.enabled=false: never used");
    return attempt([&](DiagnosisStep& step, const base::CallContext& call) {
      const auto operation =
          session_->execute({.sql = std::string(kLargeQuery), .parameters = &kNoParameters}, call);
      operation->wait(call);
      const auto page = operation->next_page(call);
      const auto* links =
          page ? std::get_if<std::vector<protocol::ResultLink>>(&page->rows) : nullptr;
      if (links == nullptr || links->empty()) {
        step.outcome = Outcome::Skipped;
        step.detail = "the server sends large results inline: no storage is needed";
      } else {
        download(links->front(), step, call);
      }
      operation->close();
    });
  }

  /// One file of a result, past everything that would mend or hide a failure.
  void download(const protocol::ResultLink& link, DiagnosisStep& step,
                const base::CallContext& call) {
    http::Request request;
    request.method = "GET";
    request.url = link.url;
    request.headers = link.headers;
    request.request_class = http::RequestClass::Storage;
    request.name = "file of a result";
    const http::Reply reply = transport_->send(request, call);
    const auto* response = std::get_if<http::Response>(&reply);
    const std::string server(http::server_of(link.url));
    if (response != nullptr && response->status == 200) {
      step.detail = base::concat(response->body.size(), " bytes came from ", server);
      return;
    }
    const ErrorFields fields = response != nullptr
                                   ? http::storage_error_of(request, *response)
                                   : http::error_of(request, std::get<http::Failure>(reply));
    step.outcome = Outcome::Failed;
    step.detail = fields.message;
    step.cure = base::concat("open the way to ", server,
                             ", the storage of the workspace, in firewall, proxy and the storage's "
                             "own network rules; cloudfetch.enabled=false does without, slower");
  }

  const ConnectorOptions::Impl& options_;
  const DiagnosisOptions& how_;
  base::Clock& clock_ = base::Clock::system();
  Diagnosis diagnosis_;
  std::string failed_;  // the first step that did
  std::optional<config::ConnectionConfig> config_;
  std::shared_ptr<http::CurlTransport> transport_;
  std::shared_ptr<protocol::Backend> backend_;
  std::shared_ptr<protocol::Session> session_;
};

}  // namespace

Diagnosis diagnose(const ConnectorOptions::Impl& options, const DiagnosisOptions& how) {
  return Examination(options, how).run();
}

}  // namespace dbsql::session
