#pragma once

namespace dbsql::config {

/// How a connection treats transactions (reference/auth-http-config.md 1.9, 7.4).
struct TransactionOptions {
  bool ignored = false;      ///< nothing is sent; every statement is committed at once
  bool asks_server = false;  ///< `Connection::autocommit()` asks each time
  bool side_session = true;  ///< metadata inside a transaction comes from a session of its own

  friend bool operator==(const TransactionOptions&, const TransactionOptions&) = default;
};

}  // namespace dbsql::config
