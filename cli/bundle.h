#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace dbsql::cli {

/// `dbsql bundle FILE`: writes what support wants to know into a file that its owner alone can
/// read. What is wrong with the connection is in it, and no failure of the program.
/// \throws OutputError  the file is there already (without --force), or cannot be written
ExitCode write_bundle(const Options& options);

}  // namespace dbsql::cli
