#pragma once

#include <dbsql/error.h>

#include <gtest/gtest.h>

#include <utility>

namespace dbsql::test {

/// Runs `action` and returns the `dbsql::Error` it throws; a test failure and an `Internal` error
/// when it throws none.
template <class Action>
Error capture_error(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error({.message = "no error was thrown"});
}

}  // namespace dbsql::test
