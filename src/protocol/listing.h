#pragma once

#include "protocol/backend.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::protocol {

/// A question about the catalogs of a server (reference/thrift.md 3.7).
struct ListingRequest {
  enum class Kind : std::uint8_t {
    Catalogs,
    Schemas,
    Tables,
    TableTypes,
    Columns,
    TypeInfo,
    Functions,
    PrimaryKeys,
    CrossReference,
  };

  /// What a table, or whatever else is looked for, is called; unset = not filtered. Schema, table
  /// and member are patterns, except where keys are asked for.
  struct Scope {
    std::optional<std::string> catalog;
    std::optional<std::string> schema;
    std::optional<std::string> table;  ///< Functions: the function
    std::optional<std::string> column;
  };

  Kind kind = Kind::Catalogs;
  Scope scope;   ///< CrossReference: the table with the foreign key
  Scope parent;  ///< CrossReference: the table that it refers to
  std::vector<std::string> table_types;
  /// Hears how freeing the answer on the server went; may be null.
  std::shared_ptr<observe::Observer> observer{};
};

/// The columns of an answer, by the names servers give them except that KEY_SEQ is spelled right
/// (reference/metadata.md 8.1).
std::vector<ColumnDescription> listing_columns(ListingRequest::Kind kind);

/// An answer without rows, for questions that need not be sent.
std::unique_ptr<Operation> empty_listing(ListingRequest::Kind kind);

/// The same answer in one shape from every server: rows of the catalog that was asked for alone,
/// tables without a type are TABLE, ordinal positions count from 1, and KEY_SEQ is spelled right
/// (reference/metadata.md 2, 7, 12).
std::unique_ptr<Operation> normalise_listing(std::unique_ptr<Operation> operation,
                                             const ListingRequest& request);

}  // namespace dbsql::protocol
