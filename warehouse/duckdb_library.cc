#include "warehouse/duckdb_library.h"

#include "arrow/builder.h"
#include "base/text.h"

#include <dlfcn.h>

#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

[[noreturn]] void throw_not_loaded(const std::string& path, std::string_view reason) {
  throw std::runtime_error(base::concat(
      "cannot load the SQL engine from \"", path, "\": ", reason,
      "; install it with `make bootstrap` or name another ADBC driver library with --engine"));
}

/// A statement of the C interface; released after its stream was taken, which is independent of it.
class StatementHandle {
 public:
  StatementHandle(const AdbcDriver& driver, AdbcConnection& connection) : driver_(driver) {
    AdbcError error{};
    AdbcLibrary::check(driver_.StatementNew(&connection, &statement_, &error), error);
  }
  ~StatementHandle() {
    AdbcError error{};
    driver_.StatementRelease(&statement_, &error);
    if (error.release != nullptr) error.release(&error);
  }
  StatementHandle(const StatementHandle&) = delete;
  StatementHandle& operator=(const StatementHandle&) = delete;

  void set_sql(const std::string& sql) {
    AdbcError error{};
    AdbcLibrary::check(driver_.StatementSetSqlQuery(&statement_, sql.c_str(), &error), error);
  }

  void bind(arrow::UniqueArray values, arrow::UniqueSchema schema) {
    AdbcError error{};
    const auto status = driver_.StatementBind(&statement_, values.get(), schema.get(), &error);
    AdbcLibrary::check(status, error);
    // Whatever the driver took it has marked as released; the rest is freed here.
  }

  arrow::UniqueStream execute() {
    AdbcError error{};
    arrow::UniqueStream stream;
    std::int64_t affected = -1;
    AdbcLibrary::check(driver_.StatementExecuteQuery(&statement_, stream.out(), &affected, &error),
                       error);
    return stream;
  }

 private:
  const AdbcDriver& driver_;
  AdbcStatement statement_{};
};

arrow::UniqueSchema parameter_schema(std::size_t count) {
  std::vector<arrow::UniqueSchema> fields;
  for (std::size_t i = 0; i < count; ++i) {
    fields.push_back(arrow::make_schema("u", std::to_string(i + 1)));
  }
  return arrow::struct_schema(std::move(fields));
}

arrow::UniqueArray parameter_row(const ArrowSchema& schema,
                                 const std::vector<std::optional<std::string>>& values) {
  arrow::BatchBuilder row(schema);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto& column = row.column<arrow::Utf8Builder>(i);
    if (values[i]) {
      column.append(std::string_view(*values[i]));
    } else {
      column.append_null();
    }
  }
  return row.finish();
}

}  // namespace

std::shared_ptr<const AdbcLibrary> AdbcLibrary::load(const std::string& path,
                                                     const std::string& entry_point) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw_not_loaded(path, dlerror());
  const auto init = reinterpret_cast<AdbcDriverInitFunc>(dlsym(library, entry_point.c_str()));
  if (init == nullptr) throw_not_loaded(path, "it has no entry point " + entry_point);
  auto loaded = std::make_shared<AdbcLibrary>();
  AdbcError error{};
  if (init(kAdbcVersion110, &loaded->driver_, &error) != kAdbcOk) {
    const std::string reason = error.message != nullptr ? error.message : "it refuses ADBC 1.1";
    if (error.release != nullptr) error.release(&error);
    throw_not_loaded(path, reason);
  }
  return loaded;
}

void AdbcLibrary::check(AdbcStatusCode status, AdbcError& error) {
  if (status == kAdbcOk) return;
  AdbcFailure failure{.status = status,
                      .message = error.message != nullptr ? error.message : "unknown error"};
  if (error.release != nullptr) error.release(&error);
  throw failure;
}

AdbcDatabaseHandle::AdbcDatabaseHandle(LibraryPtr library, const std::string& path)
    : library_(std::move(library)) {
  const auto& driver = library_->driver();
  AdbcError error{};
  AdbcLibrary::check(driver.DatabaseNew(&database_, &error), error);
  try {
    AdbcLibrary::check(driver.DatabaseSetOption(&database_, "path", path.c_str(), &error), error);
    AdbcLibrary::check(driver.DatabaseInit(&database_, &error), error);
  } catch (...) {
    release();
    throw;
  }
}

AdbcDatabaseHandle::~AdbcDatabaseHandle() { release(); }

void AdbcDatabaseHandle::release() noexcept {
  AdbcError error{};
  library_->driver().DatabaseRelease(&database_, &error);
  if (error.release != nullptr) error.release(&error);
}

AdbcConnectionHandle::AdbcConnectionHandle(std::shared_ptr<AdbcDatabaseHandle> database)
    : database_(std::move(database)) {
  const auto& driver = database_->library()->driver();
  AdbcError error{};
  AdbcLibrary::check(driver.ConnectionNew(&connection_, &error), error);
  try {
    AdbcLibrary::check(driver.ConnectionInit(&connection_, database_->get(), &error), error);
  } catch (...) {
    release();
    throw;
  }
}

AdbcConnectionHandle::~AdbcConnectionHandle() { release(); }

void AdbcConnectionHandle::release() noexcept {
  AdbcError error{};
  database_->library()->driver().ConnectionRelease(&connection_, &error);
  if (error.release != nullptr) error.release(&error);
}

void AdbcConnectionHandle::cancel() noexcept {
  AdbcError error{};
  database_->library()->driver().ConnectionCancel(&connection_, &error);
  if (error.release != nullptr) error.release(&error);
}

arrow::UniqueStream AdbcConnectionHandle::query(
    const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
  StatementHandle statement(database_->library()->driver(), connection_);
  statement.set_sql(sql);
  if (!parameters.empty()) {
    auto schema = parameter_schema(parameters.size());
    auto row = parameter_row(*schema, parameters);
    statement.bind(std::move(row), std::move(schema));
  }
  return statement.execute();
}

void AdbcConnectionHandle::run(const std::string& sql) {
  auto stream = query(sql);
  for (;;) {
    arrow::UniqueArray batch;
    if (stream->get_next(stream.get(), batch.out()) != 0) {
      const char* message = stream->get_last_error(stream.get());
      throw AdbcFailure{.message = message != nullptr ? message : "unknown error"};
    }
    if (batch.empty()) return;
  }
}

}  // namespace dbsql::warehouse
