#pragma once

#include "base/buffer.h"

#include <optional>
#include <string>

namespace dbsql::warehouse {

/// The content of a file without reading it: its pages come from the system's cache as they are
/// sent, so that large files take no memory of this process. Only for files that are replaced and
/// never changed. \return nothing when it cannot be opened
std::optional<base::Buffer> map_file(const std::string& path);

}  // namespace dbsql::warehouse
