#pragma once

#include "warehouse/duckdb_channel.h"

#include <filesystem>
#include <string>

namespace dbsql::warehouse {

/// The catalogs of the warehouse: each is a database attached to the engine, in memory or as a file
/// of the data directory. Every catalog has a schema `default`.
///
/// Threads: safe; the engine serialises what it must. Errors: EngineError.
class CatalogStore {
 public:
  static constexpr const char* kDefaultCatalog = "main";
  static constexpr const char* kDefaultSchema = "default";

  /// \param directory  empty = everything in memory
  explicit CatalogStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Attaches what the directory holds, and makes the catalog `main` if there is none.
  void open(EngineChannel& channel);
  void create(EngineChannel& channel, const std::string& catalog);
  /// Detaches a catalog and removes its file.
  void drop(EngineChannel& channel, const std::string& catalog);

 private:
  std::filesystem::path file_of(const std::string& catalog) const;

  std::filesystem::path directory_;
};

}  // namespace dbsql::warehouse
