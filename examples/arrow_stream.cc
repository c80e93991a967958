// Takes a result as an Arrow C stream: what every Arrow library imports without copying a value.
//
//   example_arrow_stream 'token:TOKEN@HOST:443/sql/1.0/warehouses/ID'        (or set DBSQL_DSN)

#include <dbsql/dbsql.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace {

/// Adds up the first column, an int64 without NULLs, straight from the memory that the result came
/// in.
std::int64_t sum_first_column(const ArrowArray& batch) {
  const ArrowArray& column = *batch.children[0];
  const auto* values = static_cast<const std::int64_t*>(column.buffers[1]) + column.offset;
  std::int64_t sum = 0;
  for (std::int64_t row = 0; row < batch.length; ++row) sum += values[row];
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const char* dsn = argc > 1 ? argv[1] : std::getenv("DBSQL_DSN");
  if (dsn == nullptr) {
    std::cerr << "usage: example_arrow_stream DSN\n";
    return 2;
  }
  try {
    auto connection = dbsql::Connector::from_dsn(dsn).connect();

    // The stream owns the result from here on, and may outlive the connection object.
    ArrowArrayStream stream =
        connection.query("SELECT CAST(n AS BIGINT) AS n FROM (VALUES (1), (2), (39)) AS t(n)")
            .arrow_stream();

    // An Arrow library does the rest in one call (ImportRecordBatchReader in C++,
    // RecordBatchReader._import_from_c in Python); this is what such a call does.
    std::int64_t sum = 0;
    int status = 0;
    for (ArrowArray batch{}; (status = stream.get_next(&stream, &batch)) == 0;) {
      if (batch.release == nullptr) break;  // the end of the stream
      sum += sum_first_column(batch);
      batch.release(&batch);
    }
    if (status != 0) std::cerr << stream.get_last_error(&stream) << '\n';
    stream.release(&stream);
    std::cout << "sum: " << sum << '\n';
    return status == 0 ? 0 : 1;
  } catch (const dbsql::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
