#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql::telemetry {

/// One request as it was sent, or would have been.
struct ExportedBatch {
  std::chrono::system_clock::time_point time;
  std::string_view url;
  int status = 0;         ///< of HTTP; 0 = none
  bool is_sent = false;   ///< false: nothing was sent
  std::string_view body;  ///< byte for byte
  std::size_t records = 0;
};

/// A place on this machine that gets what the server gets, for whoever wants to know
/// (reference/telemetry.md 8).
///
/// Threads: called on the telemetry thread, one call at a time. What it throws is swallowed; while
/// it takes its time, records wait, and are dropped when there are too many.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  /// Connections share a sender only if their sinks have the same name.
  virtual std::string name() const = 0;
  virtual void on_batch(const ExportedBatch& batch) = 0;
  /// Records were lost; `reason` is one word.
  virtual void on_drop(std::string_view reason, std::size_t records) = 0;
};

/// Functions in place of a class.
class CallbackSink final : public Sink {
 public:
  using OnBatch = std::function<void(const ExportedBatch& batch)>;
  using OnDrop = std::function<void(std::string_view reason, std::size_t records)>;

  explicit CallbackSink(OnBatch on_batch, OnDrop on_drop = {})
      : on_batch_(std::move(on_batch)), on_drop_(std::move(on_drop)) {}
  std::string name() const override {
    return "callback " + std::to_string(reinterpret_cast<std::uintptr_t>(this));
  }
  void on_batch(const ExportedBatch& batch) override {
    if (on_batch_) on_batch_(batch);
  }
  void on_drop(std::string_view reason, std::size_t records) override {
    if (on_drop_) on_drop_(reason, records);
  }

 private:
  const OnBatch on_batch_;
  const OnDrop on_drop_;
};

/// Two sinks that get the same; one that throws takes nothing from the other.
class BothSinks final : public Sink {
 public:
  BothSinks(std::shared_ptr<Sink> first, std::shared_ptr<Sink> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  std::string name() const override { return first_->name() + ", " + second_->name(); }
  void on_batch(const ExportedBatch& batch) override;
  void on_drop(std::string_view reason, std::size_t records) override;

 private:
  const std::shared_ptr<Sink> first_;
  const std::shared_ptr<Sink> second_;
};

/// A file of lines, each a JSON object: `time`, `url`, `status` (`dry-run` when nothing was sent),
/// and `body` as text. Only its owner may read it. When it has grown to a size it is renamed to
/// `PATH.1`, and so on; the oldest goes.
class FileSink final : public Sink {
 public:
  struct Limits {
    std::size_t bytes = std::size_t{1} << 20;  ///< of one file
    int files = 10;                            ///< in all
  };

  explicit FileSink(std::string path);
  FileSink(std::string path, Limits limits);
  std::string name() const override { return "file " + path_; }
  void on_batch(const ExportedBatch& batch) override;
  void on_drop(std::string_view, std::size_t) override {}

 private:
  void rotate();

  const std::string path_;
  const Limits limits_;
};

/// The sink that `telemetry.sink` names: `file:PATH`. Null for an empty text.
/// \throws ConfigurationError  it names none
std::shared_ptr<Sink> make_sink(std::string_view text);

}  // namespace dbsql::telemetry
