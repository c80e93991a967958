#include "staging/transfer.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/http_error.h"
#include "http/url.h"
#include "observe/observer.h"
#include "staging/local_file.h"
#include "staging/streams.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::staging {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::InvalidArgument, .message = std::move(message)});
}

bool has_input(const StagingOptions& options) {
  return options.input != nullptr || options.input_bytes.has_value();
}

bool has_output(const StagingOptions& options) {
  return options.output != nullptr || options.output_bytes != nullptr;
}

/// A stream for a statement that has no use for it would be left unread or unwritten in silence.
void require_fitting(const Instruction& instruction, const StagingOptions& options) {
  const bool by_stream = instruction.uses_stream();
  const bool is_put = instruction.operation == StagingOperation::Put;
  const bool is_get = instruction.operation == StagingOperation::Get;
  if (options.input != nullptr && options.input_bytes) refuse("two inputs were given for one PUT");
  if (options.output != nullptr && options.output_bytes != nullptr)
    refuse("two outputs were given for one GET");
  if (has_input(options) && !(is_put && by_stream)) {
    refuse(base::concat("an input was given, but the statement does not read one; write PUT '",
                        kInputStream, "' INTO ..."));
  }
  if (has_output(options) && !(is_get && by_stream)) {
    refuse(
        base::concat("an output was given, but the statement does not write one; write GET ... "
                     "TO '",
                     kOutputStream, "'"));
  }
  if (is_put && by_stream && !has_input(options)) {
    refuse(base::concat("the statement reads '", instruction.local_file,
                        "', but no input was given with it"));
  }
  if (is_get && by_stream && !has_output(options)) {
    refuse(base::concat("the statement writes '", instruction.local_file,
                        "', but no output was given with it"));
  }
}

/// Links are secrets: they may travel in the clear only inside this machine.
void require_safe_link(const std::string& link, bool allow_insecure_http) {
  const auto url = http::Url::parse(link);
  if (!url) {
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the link in the server's staging answer is not a valid URL"});
  }
  if (url->scheme == "https" || allow_insecure_http || http::is_loopback_host(url->host)) return;
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat("the link in the server's staging answer is not encrypted (",
                                       url->origin(), "); only https is used")});
}

std::string_view method_of(StagingOperation operation) noexcept {
  switch (operation) {
    case StagingOperation::Put:
      return "PUT";
    case StagingOperation::Get:
      return "GET";
    case StagingOperation::Remove:
      return "DELETE";
  }
  return "GET";
}

bool is_success(StagingOperation operation, int status) {
  switch (operation) {
    case StagingOperation::Put:
      return status == 200 || status == 201 || status == 202 || status == 204;
    case StagingOperation::Get:
      return status == 200;
    case StagingOperation::Remove:
      return status == 200 || status == 202 || status == 204;
  }
  return false;
}

}  // namespace

bool has_stream(const StagingOptions& options) noexcept {
  return has_input(options) || has_output(options);
}

/// The bytes of the transfer: the source or the sink behind it, counted and reported.
class Transfer::Body final : public http::BodySource, public http::BodySink {
 public:
  Body(const Instruction& instruction, const StagingOptions& options,
       const AllowedPaths& allowed_paths)
      : operation_(instruction.operation), on_progress_(options.on_progress) {
    if (operation_ == StagingOperation::Put) {
      source_ = make_source(instruction, options, allowed_paths);
      total_ = source_->size();
    } else {
      make_sink(instruction, options, allowed_paths);
    }
  }

  bool is_source() const noexcept { return source_ != nullptr; }
  std::uint64_t moved() const noexcept { return moved_; }

  /// All bytes of a GET are there.
  void commit() {
    if (file_ != nullptr) file_->commit();
    if (stream_ != nullptr) stream_->flush();
  }

  std::uint64_t size() const override { return source_->size(); }
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = source_->read(into);
    count_bytes(count);
    return count;
  }
  void begin(std::optional<std::uint64_t> size) override {
    total_ = size;
    sink_->begin(size);
  }
  void write(std::span<const std::byte> bytes) override {
    sink_->write(bytes);
    count_bytes(bytes.size());
  }
  bool rewind() override {
    if (source_ ? !source_->rewind() : !sink_->rewind()) return false;
    moved_ = 0;
    return true;
  }

 private:
  static std::unique_ptr<http::BodySource> make_source(const Instruction& instruction,
                                                       const StagingOptions& options,
                                                       const AllowedPaths& allowed_paths) {
    if (options.input != nullptr) return source_of(*options.input, options.input_size);
    if (options.input_bytes) return std::make_unique<BytesSource>(*options.input_bytes);
    return std::make_unique<FileSource>(allowed_paths.open(instruction.local_file));
  }

  void make_sink(const Instruction& instruction, const StagingOptions& options,
                 const AllowedPaths& allowed_paths) {
    if (options.output != nullptr) {
      auto stream = std::make_unique<StreamSink>(*options.output);
      stream_ = stream.get();
      sink_ = std::move(stream);
    } else if (options.output_bytes != nullptr) {
      sink_ = std::make_unique<BytesSink>(*options.output_bytes);
    } else {
      auto file =
          std::make_unique<FileSink>(allowed_paths.open(instruction.local_file), options.overwrite);
      file_ = file.get();
      sink_ = std::move(file);
    }
  }

  void count_bytes(std::size_t count) {
    moved_ += count;
    if (!on_progress_) return;
    try {
      on_progress_({.operation = operation_, .bytes = moved_, .total = total_});
    } catch (...) {
      base::log(LogLevel::Warn, "staging", "a progress callback threw an exception; it is ignored");
    }
  }

  const StagingOperation operation_;
  const std::function<void(const StagingProgress&)>& on_progress_;
  std::unique_ptr<http::BodySource> source_;  // PUT
  std::unique_ptr<http::BodySink> sink_;      // GET
  FileSink* file_ = nullptr;                  // `sink_` when it is a file
  StreamSink* stream_ = nullptr;              // `sink_` when it is a stream
  std::uint64_t moved_ = 0;
  std::optional<std::uint64_t> total_;
};

Transfer::Transfer(Instruction instruction, const StagingOptions& options,
                   const Environment& environment)
    : instruction_(std::move(instruction)), environment_(environment) {
  require_fitting(instruction_, options);
  require_safe_link(instruction_.url, environment_.allow_insecure_http);
  if (instruction_.operation == StagingOperation::Remove) return;
  const AllowedPaths allowed = environment_.allowed_paths.with(options.allowed_paths);
  body_ = std::make_unique<Body>(instruction_, options, allowed);
}

Transfer::~Transfer() = default;

StagingResult Transfer::run(const base::CallContext& call) {
  const auto started = environment_.clock->now();
  try {
    move(call);
  } catch (const Error& error) {
    tell_of_failure(error, environment_.clock->now() - started, call);
    fail(error);
  }
  const StagingResult result{
      .operation = instruction_.operation,
      .bytes = body_ ? body_->moved() : 0,
      .elapsed = std::chrono::duration_cast<milliseconds>(environment_.clock->now() - started)};
  report(result, call);
  return result;
}

void Transfer::move(const base::CallContext& call) {
  try {
    require_moved(send(call));
  } catch (const Error& error) {
    // What is to be gone is gone; a lost reply to an earlier attempt looks the same.
    const bool is_gone =
        instruction_.operation == StagingOperation::Remove && error.http_status() == 404;
    if (!is_gone) throw;
  }
  if (body_ && !body_->is_source()) body_->commit();
}

void Transfer::tell_of_failure(const Error& error, std::chrono::nanoseconds elapsed,
                               const base::CallContext& call) const {
  if (call.observer == nullptr) return;
  call.observer->on(observe::StagingFailed{
      .operation = to_string(instruction_.operation), .kind = error.kind(), .elapsed = elapsed});
}

void Transfer::fail(const Error& error) {
  if (error.kind() != ErrorKind::LinkExpired) throw;
  ErrorFields fields = error.fields();
  fields.retryable = !body_ || body_->rewind();
  throw_error(std::move(fields));
}

http::Response Transfer::send(const base::CallContext& call) {
  http::Request request;
  request.method = method_of(instruction_.operation);
  request.url = instruction_.url;
  request.headers = instruction_.headers;
  request.request_class = http::RequestClass::Storage;
  request.name = base::concat(to_string(instruction_.operation), " of a volume's file");
  request.first_byte_timeout = environment_.silence_limit;
  if (body_ && body_->is_source()) request.source = body_.get();
  if (body_ && !body_->is_source()) request.sink = body_.get();
  return environment_.client->send(std::move(request), call);
}

void Transfer::require_moved(const http::Response& response) const {
  const std::string_view name = to_string(instruction_.operation);
  if (!is_success(instruction_.operation, response.status)) {
    throw_error({.kind = ErrorKind::Protocol,
                 .message = base::concat("the storage answered ", name, " with HTTP ",
                                         response.status, ", which does not say that it is done"),
                 .http_status = response.status});
  }
  if (instruction_.operation != StagingOperation::Get) return;
  const bool has_length = !http::find_header(response.headers, "content-length").empty() ||
                          !http::find_header(response.headers, "transfer-encoding").empty();
  if (has_length) return;
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = "the storage did not say how long the file is: its end cannot be told "
                          "from a broken connection"});
}

/// Neither the local file nor the volume's path: both can say more than the log may hold.
void Transfer::report(const StagingResult& result, const base::CallContext& call) const {
  if (call.observer != nullptr) {
    call.observer->on(observe::StagingTransferred{.statement_id = call.statement_id,
                                                  .operation = to_string(result.operation),
                                                  .bytes = result.bytes,
                                                  .elapsed = result.elapsed});
  }
  if (!base::log_enabled(LogLevel::Debug)) return;
  base::log(LogLevel::Debug, "staging", call,
            base::concat(to_string(result.operation), ": ", result.bytes, " bytes in ",
                         result.elapsed.count(), " ms"));
}

}  // namespace dbsql::staging
