#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "archive/pickle.h"
#include "graph/torchscript/lexer.h"

namespace bertrt::graph::torchscript {

/// A type as the code declares it: "Tensor", "List" of [int], "__torch__.a.Name".
struct Type {
  std::string name;
  std::vector<Type> arguments;
};

/// Reads a type that begins at `token` and leaves the token behind it there.
/// @throws Error invalid_format, also for types nested deeper than any program's
Type parse_type(Lexer& lexer, Token& token);

enum class Fit : std::uint8_t {
  yes,
  no,
  unknown,  ///< a type or a value that is of no use here: an error once it is read
};

/// Whether a pickled value is of the declared type, items and all. `budget` falls by one for each value that is looked
/// at; at 0 the answer is `no` (a value can be shared many times over).
Fit fits(const Type& type, const archive::PickleValue& value, std::size_t& budget);

}  // namespace bertrt::graph::torchscript
