#pragma once

#include "server/links.h"
#include "workload/pages.h"

#include <string>

namespace dbsql::bench {

/// The answer of the REST protocol to a statement whose result is files: its manifest and the links
/// of all chunks at once, as servers send them for hybrid results (reference/sea.md 5, 7). The
/// kernel of the official drivers speaks nothing else.
/// \param statement_id  to be used in later requests
std::string rest_statement(const EncodedResult& result, const FileAddress& address,
                           const std::string& statement_id);

}  // namespace dbsql::bench
