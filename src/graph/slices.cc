#include "graph/slices.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "graph/operator.h"

namespace bertrt::graph {
namespace {

class Definitions {
 public:
  explicit Definitions(const Program& program)
      : program_(program), by_slot_(program.slots, nullptr), times_(program.slots) {
    for (const Instruction& instruction : program.instructions) {
      for (const Slot slot : instruction.outputs) {
        by_slot_[slot] = &instruction;
        ++times_[slot];
      }
    }
    for (const Constant& constant : program.constants) constants_.emplace(constant.slot, &constant);
  }

  // Appends the tensors' slots under `slot`. False where that cannot be told.
  bool flatten(Slot slot, std::vector<Slot>& out, std::size_t depth = 0) const {
    constexpr std::size_t kMaxDepth = 32;
    if (depth > kMaxDepth) return false;
    if (const auto constant = constants_.find(slot); constant != constants_.end()) {
      if (constant->second->value.none()) return true;
      if (constant->second->value.tensor() == nullptr) return false;
      out.push_back(slot);
      return true;
    }
    const Instruction* made = by_slot_[slot];
    if (made == nullptr) {
      out.push_back(slot);  // an input
      return true;
    }
    if (times_[slot] != 1) return flatten_branches(slot, out, depth);
    switch (made->kind) {
      case Instruction::Kind::make_list:
      case Instruction::Kind::make_tuple:
      case Instruction::Kind::make_dict:
        for (const Argument& argument : made->arguments) {
          if (!flatten(argument.slot, out, depth + 1)) return false;
        }
        return true;
      case Instruction::Kind::move: return flatten(made->arguments[0].slot, out, depth + 1);
      case Instruction::Kind::unpack: {
        const Instruction* whole = by_slot_[made->arguments[0].slot];
        if (whole == nullptr || times_[made->arguments[0].slot] != 1 ||
            whole->arguments.size() != made->outputs.size() ||
            (whole->kind != Instruction::Kind::make_tuple && whole->kind != Instruction::Kind::make_list)) {
          out.push_back(slot);  // an operator's several results
          return true;
        }
        for (std::size_t i = 0; i < made->outputs.size(); ++i) {
          if (made->outputs[i] == slot) return flatten(whole->arguments[i].slot, out, depth + 1);
        }
        return false;
      }
      case Instruction::Kind::call: out.push_back(slot); return true;
      default: return false;
    }
  }

 private:
  // What every branch leaves one tensor in is that tensor.
  bool flatten_branches(Slot slot, std::vector<Slot>& out, std::size_t depth) const {
    for (const Instruction& instruction : program_.instructions) {
      if (std::find(instruction.outputs.begin(), instruction.outputs.end(), slot) == instruction.outputs.end())
        continue;
      std::vector<Slot> one;
      if (instruction.kind != Instruction::Kind::move || !flatten(instruction.arguments[0].slot, one, depth + 1) ||
          one.size() != 1) {
        return false;
      }
    }
    out.push_back(slot);
    return true;
  }

  const Program& program_;
  std::vector<const Instruction*> by_slot_;
  std::vector<std::uint32_t> times_;
  std::map<Slot, const Constant*> constants_;
};

const Storage* storage_of(std::span<const Value> slots, Slot slot) {
  const Tensor* tensor = slot < slots.size() ? slots[slot].tensor() : nullptr;
  return tensor == nullptr || !tensor->defined() ? nullptr : tensor->storage().get();
}

}  // namespace

std::optional<std::vector<Slot>> output_slots(const Program& program) {
  std::vector<Slot> slots;
  if (!Definitions(program).flatten(program.result, slots)) return std::nullopt;
  return slots;
}

std::vector<std::uint8_t> needed_instructions(const Program& program, std::span<const Slot> wanted,
                                              std::span<const Slot> given, std::span<const Value> slots) {
  std::vector<std::uint8_t> needed(program.instructions.size(), 0);
  std::vector<std::uint8_t> there(program.slots, 0);
  for (const Slot slot : given) there[slot] = 1;
  std::vector<std::uint8_t> open(program.slots, 0);
  std::set<const Storage*> bytes;  // that somebody reads
  bool changed = false;
  const auto want = [&](Slot slot) {
    if (open[slot] != 0) return;
    open[slot] = 1;
    changed = true;
    if (const Storage* storage = storage_of(slots, slot)) bytes.insert(storage);
  };
  for (const Slot slot : wanted) want(slot);
  // Backwards until nothing is added: a write in place may stand behind the instruction that made the bytes.
  do {
    changed = false;
    for (std::size_t i = program.instructions.size(); i-- > 0;) {
      const Instruction& instruction = program.instructions[i];
      if (needed[i] != 0) continue;
      bool use = instruction.kind == Instruction::Kind::skip || instruction.kind == Instruction::Kind::skip_unless;
      for (const Slot slot : instruction.outputs) use = use || (open[slot] != 0 && there[slot] == 0);
      if (!use && instruction.kind == Instruction::Kind::call && writes_in_place(*instruction.op) &&
          !instruction.arguments.empty()) {
        const Storage* storage = storage_of(slots, instruction.arguments[0].slot);
        bool made_here = false;
        for (const Slot slot : instruction.outputs) made_here = made_here || there[slot] != 0;
        use = storage != nullptr && bytes.contains(storage) && !made_here;
      }
      if (!use) continue;
      needed[i] = 1;
      changed = true;
      for (const Argument& argument : instruction.arguments) want(argument.slot);
    }
  } while (changed);
  return needed;
}

}  // namespace bertrt::graph
