#include "telemetry/sink.h"

#include <dbsql/error.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace dbsql::telemetry {
namespace {

/// A file that is closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,  // NOLINT: variadic
                     S_IRUSR | S_IWUSR)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const noexcept { return number_ >= 0; }

  bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(number_, text.data(), text.size());
      if (written <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  std::size_t size() const {
    struct stat facts {};
    return fstat(number_, &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : 0;
  }

 private:
  int number_;
};

std::string line_of(const ExportedBatch& batch) {
  using std::chrono::milliseconds;
  const auto time = std::chrono::duration_cast<milliseconds>(batch.time.time_since_epoch());
  std::string line = base::concat(R"({"time":)", time.count(), R"(,"url":)");
  base::append_json_string(line, batch.url);
  line += R"(,"status":)";
  line += batch.is_sent ? std::to_string(batch.status) : std::string(R"("dry-run")");
  line += R"(,"body":)";
  base::append_json_string(line, batch.body);
  line += "}\n";
  return line;
}

}  // namespace

void BothSinks::on_batch(const ExportedBatch& batch) {
  try {
    first_->on_batch(batch);
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "a sink threw an exception; it is ignored");
  }
  second_->on_batch(batch);
}

void BothSinks::on_drop(std::string_view reason, std::size_t records) {
  try {
    first_->on_drop(reason, records);
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "a sink threw an exception; it is ignored");
  }
  second_->on_drop(reason, records);
}

FileSink::FileSink(std::string path) : FileSink(std::move(path), Limits()) {}
FileSink::FileSink(std::string path, Limits limits) : path_(std::move(path)), limits_(limits) {}

void FileSink::on_batch(const ExportedBatch& batch) {
  const std::string line = line_of(batch);
  bool is_full = false;
  {
    const Descriptor file(path_);
    is_full = file.is_open() && file.size() > 0 && file.size() + line.size() > limits_.bytes;
    if (!is_full) {
      if (!file.is_open() || !file.write_all(line))
        base::log(LogLevel::Debug, "telemetry", "the file of telemetry.sink cannot be written");
      return;
    }
  }
  rotate();
  const Descriptor file(path_);
  if (file.is_open()) file.write_all(line);
}

/// PATH to PATH.1, that to PATH.2, and so on.
void FileSink::rotate() {
  for (int number = limits_.files - 1; number > 0; --number) {
    const std::string from = number == 1 ? path_ : base::concat(path_, '.', number - 1);
    const std::string to = base::concat(path_, '.', number);
    std::rename(from.c_str(), to.c_str());
  }
  if (limits_.files <= 1) std::remove(path_.c_str());
}

std::shared_ptr<Sink> make_sink(std::string_view text) {
  constexpr std::string_view kFile = "file:";
  if (text.empty()) return nullptr;
  if (!text.starts_with(kFile) || text.size() == kFile.size()) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "telemetry.sink: write file: and the path of a file"});
  }
  return std::make_shared<FileSink>(std::string(text.substr(kFile.size())));
}

}  // namespace dbsql::telemetry
