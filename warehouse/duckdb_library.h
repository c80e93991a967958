#pragma once

#include "arrow/c_data.h"
#include "warehouse/adbc.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// What the engine library answered instead of success: its message as it is.
struct AdbcFailure {
  AdbcStatusCode status = 0;
  std::string message;
};

/// An engine library that was loaded with dlopen, and its table of functions.
///
/// Ownership: shared by everything that came out of it; the library stays loaded for the life of
/// the process, because it may have started threads.
class AdbcLibrary {
 public:
  /// \throws std::runtime_error when there is no such library or it is not an ADBC driver, with
  /// what to install
  static std::shared_ptr<const AdbcLibrary> load(const std::string& path,
                                                 const std::string& entry_point);

  const AdbcDriver& driver() const noexcept { return driver_; }

  /// \throws AdbcFailure unless the call succeeded; takes over `error`
  static void check(AdbcStatusCode status, AdbcError& error);

 private:
  AdbcDriver driver_{};
};

using LibraryPtr = std::shared_ptr<const AdbcLibrary>;

/// One open database. Threads: connections may be opened from any thread. Must be gone before
/// static objects are destroyed: the engine's own clean-up uses thread-local state of the closing
/// thread.
class AdbcDatabaseHandle {
 public:
  /// \param path  a file, or `:memory:` \throws AdbcFailure
  AdbcDatabaseHandle(LibraryPtr library, const std::string& path);
  ~AdbcDatabaseHandle();
  AdbcDatabaseHandle(const AdbcDatabaseHandle&) = delete;
  AdbcDatabaseHandle& operator=(const AdbcDatabaseHandle&) = delete;

  const LibraryPtr& library() const noexcept { return library_; }
  AdbcDatabase* get() noexcept { return &database_; }

 private:
  void release() noexcept;

  LibraryPtr library_;
  AdbcDatabase database_{};
};

/// One connection. Threads: one at a time, except `cancel()`.
class AdbcConnectionHandle {
 public:
  /// \throws AdbcFailure
  explicit AdbcConnectionHandle(std::shared_ptr<AdbcDatabaseHandle> database);
  ~AdbcConnectionHandle();
  AdbcConnectionHandle(const AdbcConnectionHandle&) = delete;
  AdbcConnectionHandle& operator=(const AdbcConnectionHandle&) = delete;

  /// Interrupts whatever runs on this connection, from any thread; nothing when nothing runs.
  void cancel() noexcept;

  /// Prepares, binds and starts one statement in the engine's own dialect.
  /// \param parameters  text or null for `$1`, `$2`, ...
  /// \return rows still to come; the connection must outlive the stream \throws AdbcFailure
  arrow::UniqueStream query(const std::string& sql,
                            const std::vector<std::optional<std::string>>& parameters = {});

  /// Runs a statement for its effect. \throws AdbcFailure
  void run(const std::string& sql);

 private:
  void release() noexcept;

  std::shared_ptr<AdbcDatabaseHandle> database_;
  AdbcConnection connection_{};
};

}  // namespace dbsql::warehouse
