#pragma once

#include "faultmatrix/schedule.h"
#include "warehouse/server.h"

#include <cstdint>
#include <string>

namespace dbsql::faultmatrix {

/// How a schedule ended. Only the first two are right.
enum class Outcome : std::uint8_t {
  Exact,       ///< every row, once, in order
  TypedError,  ///< a dbsql::Error; the rows before it were right
  SilentLoss,  ///< an end without an error, with rows missing or wrong; or an error of another type
  Duplicate,   ///< a row twice; or a write that happened twice, or happened though it was said not
               ///< to have
  Hang,        ///< far beyond the deadline
  Overrun,     ///< later than the deadline and what is allowed on top
};

struct Report {
  Outcome outcome = Outcome::Exact;
  std::string detail;
};

Report run(const Schedule& schedule, warehouse::Server& server);

}  // namespace dbsql::faultmatrix
