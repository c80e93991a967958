#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::session {

/// What a statement does to the session it runs in, beside what it is for.
struct SessionChange {
  enum class What : std::uint8_t {
    Nothing,
    Catalog,    ///< `USE CATALOG`: and the schema is that catalog's own
    Schema,     ///< `USE schema`
    Namespace,  ///< `USE catalog.schema`
    Setting,    ///< `SET key = value`, `SET TIME ZONE`, `RESET key`
    Lasting,    ///< something that can neither be repeated nor undone from here
  };
  What what = What::Nothing;
  std::string key;  ///< of a setting, in lower case; of something lasting, what it is called
};

/// Reads the first words of a statement. Autocommit is no change here: transactions follow it.
/// \param has_parameters  the text alone does not say what the statement does
SessionChange change_of(std::string_view sql, bool has_parameters);

/// What the statements of a connection have made of its session: enough to do the same to another
/// session, or to say why that cannot be done (reference/auth-http-config.md 5.3).
///
/// Only statements of this connection are seen, not what a procedure does inside the server.
/// Threads: safe from any thread. Cost: nothing for statements that change nothing.
class SessionChanges {
 public:
  /// The statement has succeeded.
  void note(const SessionChange& change, std::string_view sql);
  /// Nobody knows whether a statement that would change the session has run.
  void lose_track();

  /// What of the session no other one would have; empty = nothing.
  std::string lasting() const;
  /// The statements that bring a new session to where this one is.
  std::vector<std::string> restoring() const;

  struct Summary {
    bool is_catalog_changed = false;
    bool is_schema_changed = false;
    bool are_settings_changed = false;
    bool is_lasting = false;  ///< `lasting()` is not empty
  };
  Summary summary() const;

  /// The session is as it was at its beginning.
  void forget();

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> catalog_;           // guarded by mutex_: the statement
  std::optional<std::string> schema_;            // guarded by mutex_: the statement
  bool is_in_other_catalog_ = false;             // guarded by mutex_
  std::map<std::string, std::string> settings_;  // guarded by mutex_: statements by key
  std::string lasting_;                          // guarded by mutex_
};

}  // namespace dbsql::session
