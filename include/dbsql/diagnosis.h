#pragma once

#include <dbsql/export.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace dbsql {

class ConnectorOptions;

/// One step on the way from the options to the rows of a result.
struct DiagnosisStep {
  enum class Outcome : std::uint8_t {
    Ok,
    Failed,
    Skipped,  ///< it does not apply, or rests on a step that failed
  };
  std::string name;    ///< for instance "tls" (docs/troubleshooting.md)
  std::string detail;  ///< what was found, or what went wrong, in one line; no secrets
  std::string cure;    ///< of a failure: what to do about it
  Outcome outcome = Outcome::Skipped;
  std::chrono::milliseconds elapsed{0};
};

/// What came of `ConnectorOptions::diagnose()` and `dbsql doctor`.
///
/// Ownership: a value. Secrets: none.
struct DBSQL_EXPORT Diagnosis {
  std::string origin;  ///< of the server; empty where the options name none
  /// In this order: configuration, dns, tcp, proxy, tls, clock, auth, session, statement, storage.
  std::vector<DiagnosisStep> steps;

  bool is_healthy() const noexcept;  ///< no step has failed

  /// A few lines for people: one for each step, and the cure below each that failed.
  std::string to_text() const;
  /// The same as one JSON object.
  std::string to_json() const;
};

struct DiagnosisOptions {
  /// For each step. A warehouse that has to be started may need minutes for `session`.
  std::chrono::milliseconds step_timeout{30'000};
  std::stop_token stop;
  /// Called from the calling thread when a step is over. It must not throw.
  std::function<void(const DiagnosisStep& step)> on_step;
};

/// The driver, the libraries it was loaded with and the machine, by name: for support.
DBSQL_EXPORT std::vector<std::pair<std::string, std::string>> component_versions();

struct SupportBundleOptions {
  DiagnosisOptions diagnosis;
  /// Of the statement in question, if there is one: `to_text(result.profile())`.
  std::string profile;
  /// Files to include, for instance a profile or a log: each redacted, its last 256 KiB.
  std::vector<std::string> attachments;
};

/// Everything that whoever helps wants to know, as one JSON document: versions, options with their
/// origins, a diagnosis, and what the driver logged meanwhile, at debug level.
///
/// Secrets: none; options are masked, and everything else passes the redactor. SQL is that of the
/// diagnosis alone.
/// \throws CancelledError  by the stop token; what cannot be had is named in the document
DBSQL_EXPORT std::string support_bundle(const ConnectorOptions& connection,
                                        const SupportBundleOptions& options = {});

}  // namespace dbsql
