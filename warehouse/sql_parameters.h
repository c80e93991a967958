#pragma once

#include "warehouse/engine.h"
#include "warehouse/sql_token.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// Turns parameter markers into the engine's: each use of a marker becomes a cast of `$n` to the
/// parameter's type, and its value travels beside the statement as bound text. Nothing a client
/// sends as a value ever becomes statement text.
///
/// Positional markers take parameters in list order (`ordinal` is noise on the wire,
/// reference/thrift.md 3.2); one named parameter serves every marker of its name; unused parameters
/// are fine.
class ParameterBinder {
 public:
  /// \param sql     the statement, for error positions; outlives the binder, like `parameters`
  /// \param tokens  of the statement
  ParameterBinder(std::string_view sql, std::span<const Token> tokens,
                  const std::vector<EngineParameter>& parameters);

  /// The engine's expression for a marker. \throws EngineError UNBOUND_SQL_PARAMETER,
  /// INVALID_SQL_ARG
  std::string bind(const Token& marker);

  /// The parameter that a marker would be bound to, without binding it; null when there is none.
  const EngineParameter* find(const Token& marker) const;

  /// Values for `$1`, `$2`, ... in order.
  const std::vector<std::optional<std::string>>& values() const noexcept { return values_; }

 private:
  const EngineParameter& require(const Token& marker) const;
  std::string expression(const EngineParameter& parameter);
  std::string scalar(const EngineParameter& parameter);
  std::string list(const EngineParameter& parameter);
  std::string map(const EngineParameter& parameter);
  std::string named_struct(const EngineParameter& parameter);
  std::string placeholder(std::optional<std::string> value);

  std::string_view sql_;
  const std::vector<EngineParameter>& parameters_;
  std::vector<std::optional<std::string>> values_;
  std::vector<std::size_t> positions_;  // offsets of the `?` markers, in order
};

}  // namespace dbsql::warehouse
