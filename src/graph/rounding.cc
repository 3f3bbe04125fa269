#include "graph/rounding.h"

#include <algorithm>
#include <utility>

#include "graph/operator.h"

namespace bertrt::graph {
namespace {

bool is_rounding(const Instruction& instruction) {
  return instruction.kind == Instruction::Kind::call && instruction.op->name == kRoundToIntegers;
}

}  // namespace

bool rounds(const Program& program) {
  return std::any_of(program.instructions.begin(), program.instructions.end(), is_rounding);
}

Program without_rounding(Program program) {
  for (Instruction& instruction : program.instructions) {
    if (!is_rounding(instruction)) continue;
    instruction.kind = Instruction::Kind::move;
    instruction.op = nullptr;
    instruction.arguments.resize(1);
  }
  return program;
}

}  // namespace bertrt::graph
