#include "config/with_context.h"

#include "base/text.h"

namespace dbsql::config {

void rethrow_in_context(std::string_view context, const Error& error) {
  ErrorFields fields = error.fields();
  if (!context.empty()) fields.message = base::concat(context, ": ", fields.message);
  throw_error(std::move(fields));
}

}  // namespace dbsql::config
