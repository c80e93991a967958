#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"

#include <utility>

namespace dbsql::base {

/// Throws `fields` as the error of its kind, with the ids of `call` where it has none.
[[noreturn]] void throw_with_ids(ErrorFields fields, const CallContext& call);

/// Whether `call` knows an id that `error` has not.
bool lacks_ids(const Error& error, const CallContext& call) noexcept;

/// Runs `action`. An error leaves it with the ids of `call`, wherever it was thrown: each public
/// call of a connection, statement or result is one (reference/auth-http-config.md 6.4, query id).
template <class Action>
auto with_ids(const CallContext& call, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const Error& error) {
    if (lacks_ids(error, call)) throw_with_ids(error.fields(), call);
    throw;
  }
}

}  // namespace dbsql::base
