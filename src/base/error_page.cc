#include "base/error_page.h"

#include <dbsql/error_info.h>

#include "base/text.h"

#include <string_view>

namespace dbsql::base {
namespace {

using Answer = ErrorKindInfo::Answer;

constexpr std::string_view kIntroduction =
    R"(# Errors

Everything that the library throws is a `dbsql::Error`, and says with its properties what a caller can do about it. The
tables below are made from the one in code (`dbsql/error_info.h`); a test compares the two.

```cpp
try {
  connection.execute("UPDATE accounts SET balance = balance - 10 WHERE id = 7");
} catch (const dbsql::Error& error) {
  if (error.outcome_unknown()) return reconcile(error.statement_id());  // it may have run: look first
  if (error.retryable()) return retry_later(error.retry_after());
  throw;
}
```

| Property | Says |
|---|---|
| `kind()` | what went wrong, one of the kinds below |
| `message()` | what happened, to what, and what to do; one line of at most 4 KiB, without secrets |
| `what()` | the message with SQLSTATE and statement id |
| `sqlstate()` | five characters: the server's own, or the kind's |
| `error_class()` | Databricks' error condition, such as `TABLE_OR_VIEW_NOT_FOUND`; a storage service's or OAuth's code |
| `statement_id()` | the statement in the query history, as soon as it is known: also for errors of reading and downloading |
| `connection_id()`, `correlation_id()` | the session, and the caller's own text from `ExecuteOptions`; the same ids are in log lines |
| `http_status()`, `native_code()` | of the last answer; 0 = none |
| `attempts()`, `elapsed()` | how often and how long it was tried |
| `retryable()`, `retry_after()` | the same call may succeed later and is safe to repeat; not before that time |
| `connection_dead()` | only closing the connection is useful |
| `outcome_unknown()` | the server may have run the statement: look before repeating it; never together with `retryable()` |
| `cause()` | the error behind this one, for instance the first of several attempts |

Subclasses exist where callers act differently: `ConfigurationError`, `AuthenticationError`, `SqlError`, `NetworkError`,
`TimeoutError`, `CancelledError`, `ResultError` and `StateError`. [Troubleshooting](troubleshooting.md) starts from symptoms.

## Kinds

)";

constexpr std::string_view kStates =
    R"(
## SQLSTATE

SQLSTATEs are the server's where it sent one. Without one an error has its kind's; the second is for errors while a connection
is opened. ODBC applications know some of Databricks' states under other names, which `odbc_sqlstate()` gives: `42P01` and
`42704` are `42S02` there, `42P07` and `42710` `42S01`, `42703` `42S22`, `42601` and `42501` `42000`, `08P01` `HY000`, and
everything that begins with `0A` is `HYC00`.

| Kind | SQLSTATE | Opening | ODBC | ADBC status |
|---|---|---|---|---|
)";

std::string answer_text(Answer answer, std::string_view note) {
  switch (answer) {
    case Answer::No:
      return "no";
    case Answer::Yes:
      return note.empty() ? "yes" : concat("yes, ", note);
    case Answer::Depends:
      break;
  }
  return std::string(note);
}

}  // namespace

std::string error_page() {
  std::string page(kIntroduction);
  page += "| Kind | Meaning | Usual cause | Cure | Retryable | Connection dead |\n";
  page += "|---|---|---|---|---|---|\n";
  for (const ErrorKindInfo& row : error_kinds()) {
    page += concat("| `", row.name, "` | ", row.meaning, " | ", row.cause, " | ", row.cure, " | ",
                   answer_text(row.retryable, row.retryable_note), " | ",
                   answer_text(row.connection_dead, row.connection_dead_note), " |\n");
  }
  page += kStates;
  for (const ErrorKindInfo& row : error_kinds()) {
    const auto opening = row.connecting_sqlstate.empty() ? row.sqlstate : row.connecting_sqlstate;
    page += concat("| `", row.name, "` | `", row.sqlstate, "` | `", opening, "` | `",
                   odbc_sqlstate(Error({.kind = row.kind})), "` | ", row.adbc_status, " (",
                   static_cast<int>(row.adbc_code), ") |\n");
  }
  return page;
}

}  // namespace dbsql::base
