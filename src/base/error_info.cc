#include <dbsql/error_info.h>

#include <array>
#include <cstddef>
#include <utility>

namespace dbsql {

namespace {

using Kind = ErrorKind;
using Answer = ErrorKindInfo::Answer;

// reference/auth-http-config.md 6.4; docs/errors.md is made of it.
constexpr std::array kKinds{
    ErrorKindInfo{
        .kind = Kind::InvalidArgument,
        .name = "InvalidArgument",
        .sqlstate = "HY024",
        .adbc_status = "INVALID_ARGUMENT",
        .adbc_code = 5,
        .meaning = "a call was made with something that it does not take",
        .cause = "a negative limit, a parameter of a type or number that the statement does not "
                 "have, a text that is no id; or the server refused a request as malformed",
        .cure = "correct the call; the message names the argument"},
    ErrorKindInfo{
        .kind = Kind::Configuration,
        .name = "Configuration",
        .sqlstate = "08001",
        .adbc_status = "INVALID_ARGUMENT",
        .adbc_code = 5,
        .meaning = "the options of a connection are missing, malformed or contradict each other",
        .cause = "a misspelled option, a value out of range, two names of one option, an http path "
                 "that the host does not have, no credentials",
        .cure = "correct the option that the message names; `dbsql --show-options` tells where "
                "each value came from"},
    ErrorKindInfo{
        .kind = Kind::Unauthenticated,
        .name = "Unauthenticated",
        .sqlstate = "28000",
        .adbc_status = "UNAUTHENTICATED",
        .adbc_code = 13,
        .retryable = Answer::Depends,
        .retryable_note = "where the identity service did not answer",
        .connection_dead = Answer::Depends,
        .connection_dead_note = "yes once a connection is open, unless retryable",
        .meaning = "the server or the identity service does not accept the credentials",
        .cause = "a token that is wrong, expired, revoked or of another workspace; a wrong client "
                 "secret; a token provider that failed",
        .cure = "`dbsql auth explain` tells which method is used and why; renew the token or "
                "secret, then open a new connection"},
    ErrorKindInfo{
        .kind = Kind::PermissionDenied,
        .name = "PermissionDenied",
        .sqlstate = "42000",
        .connecting_sqlstate = "28000",
        .adbc_status = "UNAUTHORIZED",
        .adbc_code = 14,
        .meaning = "the credentials are valid but do not allow it",
        .cause = "no grant on the object or on the warehouse; an IP access list of the workspace; "
                 "for links to storage, a policy of the storage account",
        .cure = "ask the owner for the privilege (SQL: GRANT; warehouse: CAN USE), or connect from "
                "an allowed network"},
    ErrorKindInfo{.kind = Kind::NotFound,
                  .name = "NotFound",
                  .sqlstate = "42S02",
                  .adbc_status = "NOT_FOUND",
                  .adbc_code = 3,
                  .meaning = "a table, column, function, schema or file does not exist",
                  .cause = "a misspelled name, another catalog or schema than expected, or no "
                           "privilege to see the object",
                  .cure = "check the name and the connection's catalog and schema"},
    ErrorKindInfo{.kind = Kind::AlreadyExists,
                  .name = "AlreadyExists",
                  .sqlstate = "42S01",
                  .adbc_status = "ALREADY_EXISTS",
                  .adbc_code = 4,
                  .meaning = "what the statement creates is there already",
                  .cause = "CREATE without IF NOT EXISTS, or somebody else was faster",
                  .cure = "use IF NOT EXISTS or OR REPLACE, or another name"},
    ErrorKindInfo{.kind = Kind::SqlSyntax,
                  .name = "SqlSyntax",
                  .sqlstate = "42000",
                  .adbc_status = "INVALID_ARGUMENT",
                  .adbc_code = 5,
                  .meaning = "the statement cannot be parsed or analysed",
                  .cause = "a syntax error, a type mismatch, an ambiguous name",
                  .cure = "correct the statement; `error_class()` names Databricks' error "
                          "condition, the message the position"},
    ErrorKindInfo{.kind = Kind::SqlData,
                  .name = "SqlData",
                  .sqlstate = "22000",
                  .adbc_status = "INVALID_DATA",
                  .adbc_code = 7,
                  .meaning = "a value could not be computed, converted or stored",
                  .cause = "division by zero, a number out of range, a text that is no date",
                  .cure = "correct the data, or use try_cast, try_divide and their like"},
    ErrorKindInfo{.kind = Kind::SqlConstraint,
                  .name = "SqlConstraint",
                  .sqlstate = "23000",
                  .adbc_status = "INTEGRITY",
                  .adbc_code = 8,
                  .meaning = "a constraint of the table forbids the row",
                  .cause = "NULL in a NOT NULL column, a CHECK that does not hold",
                  .cure = "correct the row; the message names the constraint"},
    ErrorKindInfo{.kind = Kind::SqlOther,
                  .name = "SqlOther",
                  .sqlstate = "HY000",
                  .adbc_status = "UNKNOWN",
                  .adbc_code = 1,
                  .meaning = "the server failed the statement for a reason of none of the other "
                             "kinds",
                  .cause = "see the server's message and `error_class()`",
                  .cure = "by the message; the statement id leads to it in the query history"},
    ErrorKindInfo{.kind = Kind::NotSupported,
                  .name = "NotSupported",
                  .sqlstate = "HYC00",
                  .adbc_status = "NOT_IMPLEMENTED",
                  .adbc_code = 2,
                  .meaning = "the server or this driver cannot do that",
                  .cause = "a feature that the server's version lacks (HTTP 501, SQLSTATE 0Axxx), "
                           "a format or type that the driver does not read",
                  .cure = "leave the feature out, or use a server that has it"},
    ErrorKindInfo{
        .kind = Kind::Network,
        .name = "Network",
        .sqlstate = "08S01",
        .connecting_sqlstate = "08001",
        .adbc_status = "IO",
        .adbc_code = 10,
        .retryable = Answer::Depends,
        .retryable_note = "if nothing had been sent, or the call changes nothing; never with "
                          "`outcome_unknown()`",
        .meaning = "the server could not be reached, or the connection to it broke",
        .cause = "a host name that DNS does not know, a firewall, a proxy that is missing or "
                 "refuses, a reset on the way",
        .cure = "`dbsql doctor` finds the step that fails; with `outcome_unknown()` look whether "
                "the statement ran before repeating it"},
    ErrorKindInfo{.kind = Kind::Tls,
                  .name = "Tls",
                  .sqlstate = "08001",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .meaning = "no trusted TLS connection could be made",
                  .cause = "a certificate that has expired, is for another name or of an authority "
                           "that is not trusted here: often a proxy that inspects traffic",
                  .cure = "`dbsql doctor` shows the chain; add the authority with `tls.ca_file`"},
    ErrorKindInfo{.kind = Kind::Redirect,
                  .name = "Redirect",
                  .sqlstate = "08001",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .meaning = "the server sent the request elsewhere, where it is not followed",
                  .cause = "a wrong host or http path, a missing `?o=` on a host that several "
                           "workspaces share, a sign-in page in front of the workspace",
                  .cure = "take host and path from the warehouse's page of connection details"},
    ErrorKindInfo{.kind = Kind::Unavailable,
                  .name = "Unavailable",
                  .sqlstate = "08S01",
                  .connecting_sqlstate = "08004",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .retryable = Answer::Yes,
                  .retryable_note = "never with `outcome_unknown()`",
                  .meaning = "the server answered that it cannot serve now (HTTP 502, 503), longer "
                             "than the retries lasted",
                  .cause = "a warehouse that starts, is stopped or overloaded; a gateway in "
                           "trouble",
                  .cure = "try again later; raise `warehouse.start_timeout`, and "
                          "`retry.total_timeout` with it, where warehouses take long to start"},
    ErrorKindInfo{.kind = Kind::RateLimited,
                  .name = "RateLimited",
                  .sqlstate = "HY000",
                  .connecting_sqlstate = "08004",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .retryable = Answer::Yes,
                  .retryable_note = "after `retry_after()`",
                  .meaning = "the server asked for fewer requests (HTTP 429), longer than the "
                             "retries lasted",
                  .cause = "too many requests of this workspace or user",
                  .cure = "wait `retry_after()`, then send fewer at a time"},
    ErrorKindInfo{.kind = Kind::Timeout,
                  .name = "Timeout",
                  .sqlstate = "HYT00",
                  .connecting_sqlstate = "HYT01",
                  .adbc_status = "TIMEOUT",
                  .adbc_code = 12,
                  .retryable = Answer::Depends,
                  .retryable_note = "a gateway's (HTTP 408, 504), of a call that changes nothing",
                  .meaning = "a deadline passed: the caller's, or the statement's own limit on the "
                             "server",
                  .cause = "`timeout`, `deadline` or `query.timeout` are shorter than the work; a "
                           "host that does not answer",
                  .cure = "allow more time, or make the statement do less; the server was told to "
                          "cancel it"},
    ErrorKindInfo{.kind = Kind::Cancelled,
                  .name = "Cancelled",
                  .sqlstate = "HY008",
                  .adbc_status = "CANCELLED",
                  .adbc_code = 11,
                  .meaning = "somebody stopped it",
                  .cause = "`cancel()`, a stop token, an administrator in the query history",
                  .cure = "nothing, where it was meant"},
    ErrorKindInfo{.kind = Kind::SessionExpired,
                  .name = "SessionExpired",
                  .sqlstate = "08S01",
                  .adbc_status = "INVALID_STATE",
                  .adbc_code = 6,
                  .retryable = Answer::Depends,
                  .retryable_note = "on a new connection",
                  .connection_dead = Answer::Yes,
                  .meaning = "the server no longer knows the session",
                  .cause = "it was idle for too long, or the warehouse was stopped or restarted",
                  .cure = "open a new connection; session settings and temporary views are gone. A "
                          "pool, or `connection.recovery=true`, does it where nothing is lost"},
    ErrorKindInfo{.kind = Kind::StatementClosed,
                  .name = "StatementClosed",
                  .sqlstate = "HY010",
                  .adbc_status = "INVALID_STATE",
                  .adbc_code = 6,
                  .meaning = "the statement or its result is closed, here or on the server",
                  .cause = "reading after `close()`, a result that was left idle for too long",
                  .cure = "read results to their end before closing them; run the statement again"},
    ErrorKindInfo{.kind = Kind::InvalidState,
                  .name = "InvalidState",
                  .sqlstate = "HY010",
                  .adbc_status = "INVALID_STATE",
                  .adbc_code = 6,
                  .connection_dead = Answer::Depends,
                  .connection_dead_note = "yes after a COMMIT whose answer was lost",
                  .meaning = "the call is not allowed now",
                  .cause = "a closed object, a result taken twice, begin() inside a transaction",
                  .cure = "correct the order of the calls"},
    ErrorKindInfo{.kind = Kind::LinkExpired,
                  .name = "LinkExpired",
                  .sqlstate = "HY000",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .retryable = Answer::Depends,
                  .retryable_note = "a statement that changes nothing may be run again",
                  .meaning = "the link to a file of the result is no longer valid, and no new one "
                             "could be had",
                  .cause = "rows were read so slowly that links expired, a clock that is wrong, or "
                           "a statement that the server has forgotten",
                  .cure = "run the statement again and read faster; `dbsql doctor` checks the "
                          "clock"},
    ErrorKindInfo{.kind = Kind::CorruptResult,
                  .name = "CorruptResult",
                  .sqlstate = "HY000",
                  .adbc_status = "INVALID_DATA",
                  .adbc_code = 7,
                  .meaning = "rows arrived damaged or incomplete; none of them was passed on",
                  .cause = "a file or page that cannot be decoded, another number of rows than the "
                           "server declared, a proxy that changes bodies",
                  .cure = "run the statement again; report it when it comes back, with the "
                          "statement id and a `dbsql bundle`"},
    ErrorKindInfo{.kind = Kind::ResourceExhausted,
                  .name = "ResourceExhausted",
                  .sqlstate = "HY001",
                  .adbc_status = "INTERNAL",
                  .adbc_code = 9,
                  .meaning = "this machine has run out of memory, disk or another limit",
                  .cause = "one batch that is larger than the memory there is, a full disk",
                  .cure = "select fewer columns, lower `result.memory_budget`, or free the "
                          "resource"},
    ErrorKindInfo{.kind = Kind::Protocol,
                  .name = "Protocol",
                  .sqlstate = "08P01",
                  .adbc_status = "INTERNAL",
                  .adbc_code = 9,
                  .connection_dead = Answer::Yes,
                  .connection_dead_note = "where it was the warehouse that answered",
                  .meaning = "the answer is none of the protocol",
                  .cause = "something that is not a Databricks SQL endpoint: a web page, a proxy's "
                           "answer; or a server with a defect",
                  .cure = "check host and http path; `dbsql doctor` shows who answers"},
    ErrorKindInfo{.kind = Kind::TransactionState,
                  .name = "TransactionState",
                  .sqlstate = "25000",
                  .adbc_status = "INVALID_STATE",
                  .adbc_code = 6,
                  .meaning = "the transaction does not allow the call now",
                  .cause = "a statement after one that failed, in the same transaction; commit "
                           "without a transaction",
                  .cure = "roll back, then run the transaction again"},
    ErrorKindInfo{.kind = Kind::TransactionConflict,
                  .name = "TransactionConflict",
                  .sqlstate = "40001",
                  .adbc_status = "INVALID_STATE",
                  .adbc_code = 6,
                  .retryable = Answer::Depends,
                  .retryable_note = "the whole transaction, not the statement",
                  .meaning = "another transaction changed the same rows first",
                  .cause = "concurrent writes to one table",
                  .cure = "run the whole transaction again: `run_in_transaction` does"},
    ErrorKindInfo{.kind = Kind::TransactionUnknown,
                  .name = "TransactionUnknown",
                  .sqlstate = "08007",
                  .adbc_status = "IO",
                  .adbc_code = 10,
                  .connection_dead = Answer::Yes,
                  .meaning = "the answer to COMMIT was lost: the transaction may have been "
                             "committed or not",
                  .cause = "the connection broke in the middle of COMMIT",
                  .cure = "look whether the changes are there; never repeat blindly"},
    ErrorKindInfo{.kind = Kind::Internal,
                  .name = "Internal",
                  .sqlstate = "HY000",
                  .adbc_status = "INTERNAL",
                  .adbc_code = 9,
                  .retryable = Answer::Depends,
                  .retryable_note = "an HTTP 500 of a call that changes nothing",
                  .meaning = "a defect, here or on the server (HTTP 5xx)",
                  .cause = "a state that should be impossible, a server that failed",
                  .cure = "report it, with a `dbsql bundle`"},
};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (static_cast<std::size_t>(kKinds[i].kind) != i) return false;
  }
  return true;
}
static_assert(rows_follow_the_enum(), "kKinds is indexed by ErrorKind");
static_assert(kKinds.size() == static_cast<std::size_t>(Kind::Internal) + 1);

// Databricks' states that ODBC's list has under another name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOdbcStates{{
    {"42P01", "42S02"},
    {"42704", "42S02"},
    {"42P07", "42S01"},
    {"42710", "42S01"},
    {"42703", "42S22"},
    {"42601", "42000"},
    {"42501", "42000"},
    {"08P01", "HY000"},
}};

}  // namespace

std::span<const ErrorKindInfo> error_kinds() noexcept { return kKinds; }

const ErrorKindInfo& info_of(ErrorKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view odbc_sqlstate(const Error& error) noexcept {
  for (const auto& [own, odbc] : kOdbcStates) {
    if (own == error.sqlstate()) return odbc;
  }
  if (error.sqlstate().starts_with("0A")) return "HYC00";
  return error.sqlstate();
}

std::string_view to_string(ErrorKind kind) noexcept { return info_of(kind).name; }

}  // namespace dbsql
