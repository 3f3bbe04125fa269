#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "graph/evaluate.h"

namespace bertrt::graph {

/// A program made by hand, one instruction after the other.
class ProgramBuilder {
 public:
  ProgramBuilder() { program.entries = {"code/test.py"}; }

  Slot input(const std::string& name) {
    program.inputs.push_back({name, program.slots});
    return program.slots++;
  }
  Slot constant(Value value, Constant::Origin origin = Constant::Origin::literal, const std::string& name = "") {
    program.constants.push_back({program.slots, origin, name, std::move(value)});
    return program.slots++;
  }
  Slot call(const std::string& name, std::initializer_list<Slot> arguments,
            std::initializer_list<std::pair<std::string, Slot>> keywords = {}) {
    Instruction& instruction = add(Instruction::Kind::call);
    instruction.op = find_operator(name);
    if (instruction.op == nullptr) throw Error(ErrorCode::unsupported, "test", "an operator of the table", name);
    for (const Slot slot : arguments) instruction.arguments.push_back({"", slot});
    for (const auto& [keyword, slot] : keywords) instruction.arguments.push_back({keyword, slot});
    return output(instruction);
  }
  Slot list(std::initializer_list<Slot> items) { return gather(Instruction::Kind::make_list, items); }
  Slot tuple(std::initializer_list<Slot> items) { return gather(Instruction::Kind::make_tuple, items); }
  Instruction& add(Instruction::Kind kind) {
    program.instructions.emplace_back();
    program.instructions.back().kind = kind;
    program.instructions.back().place = {0, static_cast<std::uint32_t>(program.instructions.size())};
    return program.instructions.back();
  }
  Slot output(Instruction& instruction) {
    instruction.outputs = {program.slots};
    program.result = program.slots;
    return program.slots++;
  }

  Program program;

 private:
  Slot gather(Instruction::Kind kind, std::initializer_list<Slot> items) {
    Instruction& instruction = add(kind);
    for (const Slot slot : items) instruction.arguments.push_back({"", slot});
    return output(instruction);
  }
};

inline Tensor floats(const Sizes& sizes, const std::vector<float>& values) {
  Tensor tensor = Tensor::make(ElementType::float32, sizes);
  std::copy(values.begin(), values.end(), tensor.mutable_data<float>());
  return tensor;
}

inline Tensor integers(const Sizes& sizes, const std::vector<std::int64_t>& values) {
  Tensor tensor = Tensor::make(ElementType::int64, sizes);
  std::copy(values.begin(), values.end(), tensor.mutable_data<std::int64_t>());
  return tensor;
}

}  // namespace bertrt::graph
