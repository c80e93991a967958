#pragma once

#include "warehouse/engine.h"
#include "warehouse/volumes.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// A statement about volumes and their files, which the SQL engine knows nothing of.
struct VolumeStatement {
  enum class Kind : std::uint8_t {
    Put,     ///< PUT 'local' INTO '/Volumes/...' [OVERWRITE]
    Get,     ///< GET '/Volumes/...' TO 'local'
    Remove,  ///< REMOVE '/Volumes/...'
    List,    ///< LIST '/Volumes/...'
    Create,  ///< CREATE VOLUME [IF NOT EXISTS] name [COMMENT '...']
    Drop,    ///< DROP VOLUME [IF EXISTS] name
    Show,    ///< SHOW VOLUMES [IN schema]
  };
  Kind kind = Kind::Put;
  std::string path;        ///< /Volumes/..., as written
  std::string local_file;  ///< as written
  bool overwrite = false;
  bool conditional = false;        ///< IF [NOT] EXISTS
  std::vector<std::string> names;  ///< catalog, schema, volume, as many as were written
};

/// A quick look at the first word behind comments: false = certainly another statement.
bool may_be_volume_statement(std::string_view sql);

/// \return nothing for any other statement
/// \throws EngineError PARSE_SYNTAX_ERROR
std::optional<VolumeStatement> parse_volume_statement(std::string_view sql);

/// Carries it out. PUT, GET and REMOVE move nothing: they answer with one row that tells the client
/// which HTTP request does (reference/results.md 5.2).
/// \param lifetime  of the links
std::unique_ptr<EngineResult> run_volume_statement(const VolumeStatement& statement,
                                                   EngineSession& session, Volumes& volumes,
                                                   std::chrono::milliseconds lifetime);

}  // namespace dbsql::warehouse
