#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/value.h"

namespace bertrt::graph {

struct Operator;

using Slot = std::uint32_t;

/// Where an instruction stands in the file, for messages: "code/__torch__/a.py:12".
struct Place {
  std::uint32_t entry = 0;  ///< index into Program::entries
  std::uint32_t line = 0;   ///< from 1
};

/// A named argument of a call.
struct Argument {
  std::string name;  ///< empty: by position
  Slot slot = 0;
};

struct Instruction {
  enum class Kind : std::uint8_t {
    call,         ///< outputs[0] = op(arguments); of several results one tuple
    make_list,    ///< outputs[0] = [arguments]
    make_tuple,   ///< outputs[0] = (arguments)
    make_dict,    ///< outputs[0] = {name: argument}
    unpack,       ///< outputs = the items of the tuple or list arguments[0]
    move,         ///< outputs[0] = arguments[0]: a value from one of two branches
    skip_unless,  ///< goes on at `target` unless arguments[0] is true
    skip,         ///< goes on at `target`
  };
  Kind kind = Kind::call;
  const Operator* op = nullptr;  ///< of a call; from the one table
  std::vector<Argument> arguments;
  std::vector<Slot> outputs;
  std::uint32_t target = 0;  ///< always later than this instruction: a program ends
  Place place;
};

/// A tensor or other value that is there before the program runs.
struct Constant {
  enum class Origin : std::uint8_t {
    literal,    ///< stands in the code
    constant,   ///< CONSTANTS.cN
    attribute,  ///< of a module: a parameter or a buffer
  };
  Slot slot = 0;
  Origin origin = Origin::literal;
  std::string name;  ///< "encoder.layer.0.attention.self.query.weight", "CONSTANTS.c3"; empty for a literal
  Value value;
};

struct ProgramInput {
  std::string name;  ///< "input_ids": the code's name without the suffix that makes it unique
  Slot slot = 0;
  ElementType type = ElementType::int64;  ///< of its tensor, as far as the file's examples say
  Sizes traced_shape = {};                ///< of the example that it was traced with; empty: not known
};

/// One traced method as a straight line of instructions: calls of submodules and functions are inlined, every slot is
/// written once on each way through. It holds what it needs of the archive (weights by shared ownership).
struct Program {
  std::vector<std::string> entries;  ///< archive entries that instructions stand in
  std::vector<Constant> constants;
  std::vector<ProgramInput> inputs;  ///< in the method's order
  std::vector<Instruction> instructions;
  Slot result = 0;                    ///< what the method returns
  Slot slots = 0;                     ///< how many there are
  int version = 10;                   ///< of the archive; some arithmetic follows it
  std::vector<std::string> findings;  ///< what a reader should know, one line each (casts to half read as float32, …)

  /// "code/__torch__/a.py:12".
  std::string where(const Place& place) const;
};

/// A tensor somewhere in what a method returns.
struct OutputPath {
  std::string name;  ///< dict keys and positions joined by dots ("hidden_states.0"); a bare tensor is "0"
};
/// The tensors of a result in order, dicts by insertion, None left out.
/// @throws Error runtime for a result of more values than anybody reads
std::vector<std::pair<OutputPath, Tensor>> flatten(const Value& result);

}  // namespace bertrt::graph
