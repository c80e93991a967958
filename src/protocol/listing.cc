#include "protocol/listing.h"

#include "protocol/listing_page.h"

#include <array>
#include <utility>

namespace dbsql::protocol {

namespace {

using Kind = ListingRequest::Kind;

struct ColumnRow {
  Kind kind{};
  const char* name = "";
  const char* type = "STRING";
};

constexpr std::array kColumns{
    ColumnRow{Kind::Catalogs, "TABLE_CAT"},
    ColumnRow{Kind::Schemas, "TABLE_SCHEM"},
    ColumnRow{Kind::Schemas, "TABLE_CATALOG"},
    ColumnRow{Kind::Tables, "TABLE_CAT"},
    ColumnRow{Kind::Tables, "TABLE_SCHEM"},
    ColumnRow{Kind::Tables, "TABLE_NAME"},
    ColumnRow{Kind::Tables, "TABLE_TYPE"},
    ColumnRow{Kind::Tables, "REMARKS"},
    ColumnRow{Kind::Tables, "TYPE_CAT"},
    ColumnRow{Kind::Tables, "TYPE_SCHEM"},
    ColumnRow{Kind::Tables, "TYPE_NAME"},
    ColumnRow{Kind::Tables, "SELF_REFERENCING_COL_NAME"},
    ColumnRow{Kind::Tables, "REF_GENERATION"},
    ColumnRow{Kind::TableTypes, "TABLE_TYPE"},
    ColumnRow{Kind::Columns, "TABLE_CAT"},
    ColumnRow{Kind::Columns, "TABLE_SCHEM"},
    ColumnRow{Kind::Columns, "TABLE_NAME"},
    ColumnRow{Kind::Columns, "COLUMN_NAME"},
    ColumnRow{Kind::Columns, "DATA_TYPE", "INT"},
    ColumnRow{Kind::Columns, "TYPE_NAME"},
    ColumnRow{Kind::Columns, "COLUMN_SIZE", "INT"},
    ColumnRow{Kind::Columns, "BUFFER_LENGTH", "TINYINT"},
    ColumnRow{Kind::Columns, "DECIMAL_DIGITS", "INT"},
    ColumnRow{Kind::Columns, "NUM_PREC_RADIX", "INT"},
    ColumnRow{Kind::Columns, "NULLABLE", "INT"},
    ColumnRow{Kind::Columns, "REMARKS"},
    ColumnRow{Kind::Columns, "COLUMN_DEF"},
    ColumnRow{Kind::Columns, "SQL_DATA_TYPE", "INT"},
    ColumnRow{Kind::Columns, "SQL_DATETIME_SUB", "INT"},
    ColumnRow{Kind::Columns, "CHAR_OCTET_LENGTH", "INT"},
    ColumnRow{Kind::Columns, "ORDINAL_POSITION", "INT"},
    ColumnRow{Kind::Columns, "IS_NULLABLE"},
    ColumnRow{Kind::Columns, "SCOPE_CATALOG"},
    ColumnRow{Kind::Columns, "SCOPE_SCHEMA"},
    ColumnRow{Kind::Columns, "SCOPE_TABLE"},
    ColumnRow{Kind::Columns, "SOURCE_DATA_TYPE", "SMALLINT"},
    ColumnRow{Kind::Columns, "IS_AUTO_INCREMENT"},
    ColumnRow{Kind::TypeInfo, "TYPE_NAME"},
    ColumnRow{Kind::TypeInfo, "DATA_TYPE", "INT"},
    ColumnRow{Kind::TypeInfo, "PRECISION", "INT"},
    ColumnRow{Kind::TypeInfo, "LITERAL_PREFIX"},
    ColumnRow{Kind::TypeInfo, "LITERAL_SUFFIX"},
    ColumnRow{Kind::TypeInfo, "CREATE_PARAMS"},
    ColumnRow{Kind::TypeInfo, "NULLABLE", "SMALLINT"},
    ColumnRow{Kind::TypeInfo, "CASE_SENSITIVE", "BOOLEAN"},
    ColumnRow{Kind::TypeInfo, "SEARCHABLE", "SMALLINT"},
    ColumnRow{Kind::TypeInfo, "UNSIGNED_ATTRIBUTE", "BOOLEAN"},
    ColumnRow{Kind::TypeInfo, "FIXED_PREC_SCALE", "BOOLEAN"},
    ColumnRow{Kind::TypeInfo, "AUTO_INCREMENT", "BOOLEAN"},
    ColumnRow{Kind::TypeInfo, "LOCAL_TYPE_NAME"},
    ColumnRow{Kind::TypeInfo, "MINIMUM_SCALE", "SMALLINT"},
    ColumnRow{Kind::TypeInfo, "MAXIMUM_SCALE", "SMALLINT"},
    ColumnRow{Kind::TypeInfo, "SQL_DATA_TYPE", "INT"},
    ColumnRow{Kind::TypeInfo, "SQL_DATETIME_SUB", "INT"},
    ColumnRow{Kind::TypeInfo, "NUM_PREC_RADIX", "INT"},
    ColumnRow{Kind::Functions, "FUNCTION_CAT"},
    ColumnRow{Kind::Functions, "FUNCTION_SCHEM"},
    ColumnRow{Kind::Functions, "FUNCTION_NAME"},
    ColumnRow{Kind::Functions, "REMARKS"},
    ColumnRow{Kind::Functions, "FUNCTION_TYPE", "INT"},
    ColumnRow{Kind::Functions, "SPECIFIC_NAME"},
    ColumnRow{Kind::PrimaryKeys, "TABLE_CAT"},
    ColumnRow{Kind::PrimaryKeys, "TABLE_SCHEM"},
    ColumnRow{Kind::PrimaryKeys, "TABLE_NAME"},
    ColumnRow{Kind::PrimaryKeys, "COLUMN_NAME"},
    ColumnRow{Kind::PrimaryKeys, "KEY_SEQ", "INT"},
    ColumnRow{Kind::PrimaryKeys, "PK_NAME"},
    ColumnRow{Kind::CrossReference, "PKTABLE_CAT"},
    ColumnRow{Kind::CrossReference, "PKTABLE_SCHEM"},
    ColumnRow{Kind::CrossReference, "PKTABLE_NAME"},
    ColumnRow{Kind::CrossReference, "PKCOLUMN_NAME"},
    ColumnRow{Kind::CrossReference, "FKTABLE_CAT"},
    ColumnRow{Kind::CrossReference, "FKTABLE_SCHEM"},
    ColumnRow{Kind::CrossReference, "FKTABLE_NAME"},
    ColumnRow{Kind::CrossReference, "FKCOLUMN_NAME"},
    ColumnRow{Kind::CrossReference, "KEY_SEQ", "INT"},
    ColumnRow{Kind::CrossReference, "UPDATE_RULE", "INT"},
    ColumnRow{Kind::CrossReference, "DELETE_RULE", "INT"},
    ColumnRow{Kind::CrossReference, "FK_NAME"},
    ColumnRow{Kind::CrossReference, "PK_NAME"},
    ColumnRow{Kind::CrossReference, "DEFERRABILITY", "INT"},
};

class EmptyListing final : public Operation {
 public:
  explicit EmptyListing(Kind kind) { metadata_.columns = listing_columns(kind); }

  const std::string& statement_id() const noexcept override { return id_; }
  void wait(const base::CallContext&) override {}
  StatementState state(const base::CallContext&) override { return StatementState::Finished; }
  const ResultMetadata& metadata(const base::CallContext&) override { return metadata_; }
  std::optional<Page> next_page(const base::CallContext&) override { return std::nullopt; }
  std::vector<ResultLink> refresh_links(std::int64_t, const base::CallContext&) override {
    return {};
  }
  std::optional<std::int64_t> affected_rows() const noexcept override { return std::nullopt; }
  bool is_open() const noexcept override { return false; }
  void cancel(const base::CallContext&) override {}
  void cancel_in_background() noexcept override {}
  void close() noexcept override {}

 private:
  std::string id_;  // no statement of the server's
  ResultMetadata metadata_;
};

/// Passes an operation through and puts its answer into shape.
class NormalisedListing final : public Operation {
 public:
  NormalisedListing(std::unique_ptr<Operation> operation, const ListingRequest& request)
      : operation_(std::move(operation)), shaper_(request) {}

  const std::string& statement_id() const noexcept override { return operation_->statement_id(); }
  void wait(const base::CallContext& call) override { operation_->wait(call); }
  StatementState state(const base::CallContext& call) override { return operation_->state(call); }

  const ResultMetadata& metadata(const base::CallContext& call) override {
    if (!metadata_) {
      metadata_ = operation_->metadata(call);
      for (ColumnDescription& column : metadata_->columns) {
        if (column.name == "KEQ_SEQ") column.name = "KEY_SEQ";
      }
    }
    return *metadata_;
  }

  std::optional<Page> next_page(const base::CallContext& call) override {
    auto page = operation_->next_page(call);
    if (!page) return std::nullopt;
    if (auto* rows = std::get_if<ColumnarRows>(&page->rows))
      *rows = shaper_.shape(std::move(*rows), metadata(call).columns);
    return page;
  }

  std::vector<ResultLink> refresh_links(std::int64_t row, const base::CallContext& call) override {
    return operation_->refresh_links(row, call);
  }
  std::optional<std::int64_t> affected_rows() const noexcept override { return std::nullopt; }
  bool is_open() const noexcept override { return operation_->is_open(); }
  void cancel(const base::CallContext& call) override { operation_->cancel(call); }
  void cancel_in_background() noexcept override { operation_->cancel_in_background(); }
  void close() noexcept override { operation_->close(); }

 private:
  std::unique_ptr<Operation> operation_;
  ListingShaper shaper_;
  std::optional<ResultMetadata> metadata_;
};

}  // namespace

std::vector<ColumnDescription> listing_columns(ListingRequest::Kind kind) {
  std::vector<ColumnDescription> columns;
  for (const ColumnRow& row : kColumns) {
    if (row.kind == kind) columns.push_back({.name = row.name, .type_name = row.type});
  }
  return columns;
}

std::unique_ptr<Operation> empty_listing(ListingRequest::Kind kind) {
  return std::make_unique<EmptyListing>(kind);
}

std::unique_ptr<Operation> normalise_listing(std::unique_ptr<Operation> operation,
                                             const ListingRequest& request) {
  return std::make_unique<NormalisedListing>(std::move(operation), request);
}

}  // namespace dbsql::protocol
