#pragma once

#include <dbsql/dbsql.h>

#include "workload/checksum.h"
#include "workload/spec.h"

#include <string>

/// What a program does with the driver, through its public API alone.
namespace dbsql::bench {

/// Reads all batches with `next_batch()`, a word of each buffer (or every value, to verify).
Checksum read_batches(Connection& connection, const std::string& statement, bool every_value);

/// The same through the Arrow C stream.
Checksum read_stream(Connection& connection, const std::string& statement, bool every_value);

/// Reads every cell of every row into a C++ value with `rows<T...>()`; text as views.
Checksum read_typed_rows(Connection& connection, const std::string& statement, DataShape shape);

/// Reads every cell of every row into a `Value`, as programs do that learn the columns at run time.
Checksum read_values(Connection& connection, const std::string& statement);

/// Reads all batches, no faster than `bytes_per_s`; every value, to verify.
/// \param bytes_per_row  how many bytes a row counts for
Checksum read_slowly(Connection& connection, const std::string& statement, double bytes_per_row,
                     double bytes_per_s);

/// Reads the first batch alone and lets go of the rest.
/// \return its rows
std::uint64_t read_first_batch(Connection& connection, const std::string& statement);

/// `SELECT 1` and its one cell. \throws std::runtime_error when it is not 1
void select_one(Connection& connection);

}  // namespace dbsql::bench
