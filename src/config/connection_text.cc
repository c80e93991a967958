#include "config/connection_text.h"

#include "base/text.h"
#include "config/dsn.h"
#include "config/jdbc_url.h"
#include "config/odbc_string.h"
#include "config/uri.h"

namespace dbsql::config {

OptionSet read_connection_text(std::string_view text) {
  text = base::trim(text);
  if (base::starts_with_ignore_case(text, "databricks://")) return read_uri(text);
  if (is_jdbc_url(text)) return read_jdbc_url(text);
  if (is_odbc_string(text)) return read_odbc_string(text);
  return read_dsn(text);
}

}  // namespace dbsql::config
