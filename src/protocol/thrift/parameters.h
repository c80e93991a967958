#pragma once

#include <dbsql/execute_options.h>

#include <vector>

namespace dbsql::tcli {
class TSparkParameter;
}

namespace dbsql::protocol::thrift {

/// Statement parameters in wire form: SQL type text and value text; NULL has no value
/// (reference/thrift.md 3.2). \throws Error (InvalidArgument) when named and positional values are
/// mixed, or a value cannot be a parameter
std::vector<tcli::TSparkParameter> encode_parameters(const Parameters& parameters);

}  // namespace dbsql::protocol::thrift
