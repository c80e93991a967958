#include "cli/result_writer.h"

#include "cli/delimited_writer.h"
#include "cli/json_writer.h"
#include "cli/table_writer.h"

namespace dbsql::cli {

std::unique_ptr<ResultWriter> make_writer(Format format, const WriterOptions& options,
                                          std::string& out) {
  switch (format) {
    case Format::Csv:
      return std::make_unique<DelimitedWriter>(DelimitedWriter::Dialect::Csv, options, out);
    case Format::Tsv:
      return std::make_unique<DelimitedWriter>(DelimitedWriter::Dialect::Tsv, options, out);
    case Format::Json:
      return std::make_unique<JsonWriter>(JsonWriter::Layout::Array, out);
    case Format::Ndjson:
      return std::make_unique<JsonWriter>(JsonWriter::Layout::Lines, out);
    case Format::Table:
    case Format::Arrow:
      break;
  }
  return std::make_unique<TableWriter>(options, out);
}

}  // namespace dbsql::cli
