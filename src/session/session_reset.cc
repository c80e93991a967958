// What brings a connection back to its beginning before somebody else gets it
// (reference/auth-http-config.md 5.3).

#include <dbsql/quote.h>

#include "session/connection_impl.h"

#include <string>

namespace dbsql {

bool Connection::Impl::can_be_reset() const {
  const auto changed = changes_.summary();
  if (changed.is_lasting || changed.are_settings_changed) return false;
  const auto home = session_.current()->initial_namespace();
  return (!changed.is_catalog_changed || !home.catalog.empty()) &&
         (!changed.is_schema_changed || !home.schema.empty());
}

bool Connection::Impl::needs_reset() const {
  const auto changed = changes_.summary();
  return transactions_.needs_reset() || changed.is_catalog_changed || changed.is_schema_changed;
}

void Connection::Impl::reset(const base::CallContext& limits) {
  transactions_.reset(limits);
  const auto session = session_.current();
  const auto changed = changes_.summary();
  const auto& home = session->initial_namespace();
  const auto run = [&](const std::string& sql) {
    const Parameters none;
    const auto observers = observers_of_own();
    base::CallContext call = limits;
    call.observer = observers.get();
    observers->watch([&] {
      const auto operation =
          session->execute({.sql = sql, .parameters = &none, .observer = observers}, call);
      operation->wait(call);
      operation->close();
    });
  };
  if (changed.is_catalog_changed) run("USE CATALOG " + quote_identifier(home.catalog));
  if (changed.is_schema_changed) run("USE " + quote_identifier(home.schema));
  changes_.forget();
}

void Connection::Impl::abandon() noexcept {
  closed_ = true;
  abandoned_.request_stop();
  side_session_.abandon();
  session_.abandon();
}

}  // namespace dbsql
