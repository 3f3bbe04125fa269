#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/torchscript/code_file.h"
#include "graph/torchscript/lexer.h"

namespace bertrt::graph::torchscript {

/// Where an expression begins: its first token, and the lexer behind it.
struct Position {
  Lexer lexer;
  Token token;
};

struct Parameter {
  std::string_view name;
  std::string type;  ///< as torch prints types: no spaces but one behind a comma
  std::optional<Position> default_value;
};

struct Signature {
  std::vector<Parameter> parameters;  ///< a method's first is the object
  std::string return_type;
};

/// Reads "def NAME(…) -> TYPE:"; leaves the lexer behind the colon. @throws Error invalid_format
Signature read_signature(Lexer& lexer);

}  // namespace bertrt::graph::torchscript
