#pragma once

#include "golden/types/value_file.h"
#include "warehouse/engine.h"

#include <memory>
#include <vector>

namespace dbsql::test {

/// The warehouse's own SQL engine, with one more statement: `GOLDEN id` gives the value of that id,
/// built as Arrow data from its typed form, and a NULL below it where its type allows one. For
/// types and values that the engine cannot make; everything behind it is the real warehouse.
std::unique_ptr<warehouse::Engine> make_golden_engine(std::vector<GoldenValue> values);

}  // namespace dbsql::test
