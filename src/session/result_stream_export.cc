#include "session/result_stream_export.h"

#include <dbsql/error.h>

#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <utility>

namespace dbsql::session {

namespace {

struct StreamState {
  std::unique_ptr<Result::Impl> result;
  std::string last_error;
};

StreamState& state_of(ArrowArrayStream* stream) noexcept {
  return *static_cast<StreamState*>(stream->private_data);
}

int errno_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::Timeout:
      return ETIMEDOUT;
    case ErrorKind::Cancelled:
      return ECANCELED;
    case ErrorKind::ResourceExhausted:
      return ENOMEM;
    case ErrorKind::InvalidArgument:
    case ErrorKind::InvalidState:
      return EINVAL;
    default:
      return EIO;
  }
}

/// The one place where this C interface meets exceptions.
template <class Action>
int guarded(ArrowArrayStream* stream, Action&& action) noexcept {
  StreamState& state = state_of(stream);
  try {
    action(state);
    return 0;
  } catch (const Error& error) {
    state.last_error = error.what();
    return errno_of(error.kind());
  } catch (const std::bad_alloc&) {
    state.last_error.clear();
    return ENOMEM;
  } catch (const std::exception& error) {
    state.last_error = error.what();
  } catch (...) {
    state.last_error = "unknown error";
  }
  return EIO;
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  return guarded(stream, [&](StreamState& state) {
    *out = arrow::copy_schema(state.result->arrow_schema()).move_out();
  });
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  return guarded(stream, [&](StreamState& state) {
    auto batch = state.result->next();
    *out = batch ? batch->move_out() : ArrowArray{};  // no release function: the end
  });
}

const char* get_last_error(ArrowArrayStream* stream) {
  const StreamState& state = state_of(stream);
  return state.last_error.empty() ? nullptr : state.last_error.c_str();
}

void release(ArrowArrayStream* stream) {
  delete static_cast<StreamState*>(stream->private_data);
  stream->private_data = nullptr;
  stream->release = nullptr;
}

}  // namespace

ArrowArrayStream export_stream(std::unique_ptr<Result::Impl> result) {
  auto state = std::make_unique<StreamState>();
  state->result = std::move(result);
  return {.get_schema = get_schema,
          .get_next = get_next,
          .get_last_error = get_last_error,
          .release = release,
          .private_data = state.release()};
}

}  // namespace dbsql::session
