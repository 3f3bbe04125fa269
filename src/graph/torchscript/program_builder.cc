#include "graph/torchscript/program_builder.h"

#include <algorithm>
#include <bit>

#include "graph/operator.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

constexpr std::size_t kMaxInstructions = 50000;  // a deep encoder has 5,000
constexpr std::size_t kMaxDepth = 64;            // of containers in containers

// Whether every result is one tensor, which holds no values however deep its arguments are.
bool gives_a_tensor(const Operator& op) {
  return std::all_of(op.overloads.begin(), op.overloads.end(), [](const Overload& overload) {
    const std::size_t arrow = overload.schema.rfind("-> ");
    if (arrow == std::string_view::npos) return false;
    const std::string_view result = overload.schema.substr(arrow + 3);
    return result.starts_with("Tensor") && !result.ends_with("[]");
  });
}

std::vector<Argument> only(Slot slot) {
  std::vector<Argument> arguments;
  arguments.push_back({{}, slot});
  return arguments;
}

}  // namespace

Slot ProgramBuilder::add_input(std::string name) {
  const Slot slot = new_slot();
  program_.inputs.push_back({std::move(name), slot});
  return slot;
}

Slot ProgramBuilder::real(double value) {
  return literal(key('r', std::to_string(std::bit_cast<std::uint64_t>(value))), value);
}

Slot ProgramBuilder::text(std::string value) {
  std::string own = key('s', value);
  return literal(std::move(own), std::move(value));
}

std::string ProgramBuilder::key(char kind, std::string_view text) {
  std::string result(1, kind);
  result += text;
  return result;
}

Slot ProgramBuilder::literal(std::string own_key, Value value) {
  const auto found = literals_.find(own_key);
  if (found != literals_.end()) return found->second;
  const Slot slot = add_constant(Constant::Origin::literal, {}, std::move(value));
  literals_.emplace(std::move(own_key), slot);
  return slot;
}

Slot ProgramBuilder::add_constant(Constant::Origin origin, std::string name, Value value) {
  const Slot slot = new_slot();
  constant_of_.emplace(slot, program_.constants.size());
  program_.constants.push_back({slot, origin, std::move(name), std::move(value)});
  return slot;
}

void ProgramBuilder::push(Instruction instruction, const std::string& where) {
  if (size() >= kMaxInstructions) {
    throw not_graphable(where, "more than " + std::to_string(kMaxInstructions) + " instructions");
  }
  for (const Argument& argument : instruction.arguments) use(argument.slot, where);
  program_.instructions.push_back(std::move(instruction));
}

std::size_t ProgramBuilder::deepest(const std::vector<Argument>& arguments) const {
  std::size_t depth = 0;
  for (const Argument& argument : arguments) {
    const auto found = depth_.find(argument.slot);
    if (found != depth_.end()) depth = std::max(depth, found->second);
  }
  return depth;
}

Slot ProgramBuilder::make(Instruction::Kind kind, std::vector<Argument> arguments, Place place,
                          const std::string& where) {
  const std::size_t depth = deepest(arguments) + 1;
  if (depth > kMaxDepth) throw not_graphable(where, "values that are nested too deeply");
  std::vector<Slot> items;
  bool literals = kind == Instruction::Kind::make_list;
  for (const Argument& argument : arguments) {
    items.push_back(argument.slot);
    const auto constant = constant_of_.find(argument.slot);
    literals = literals && constant != constant_of_.end() &&
               program_.constants[constant->second].origin == Constant::Origin::literal;
  }
  Slot slot = 0;
  if (literals) {
    std::vector<Value> values;
    for (const Slot item : items) values.push_back(*value(item));
    slot = add_constant(Constant::Origin::literal, {}, Value::list(std::move(values)));
  } else {
    slot = new_slot();
    push({.kind = kind, .arguments = std::move(arguments), .outputs = {slot}, .place = place}, where);
  }
  depth_.emplace(slot, depth);
  if (kind != Instruction::Kind::make_dict) items_.emplace(slot, std::move(items));
  return slot;
}

Slot ProgramBuilder::call(const Operator* op, std::vector<Argument> arguments, Place place, const std::string& where) {
  const std::size_t depth = op != nullptr && gives_a_tensor(*op) ? 0 : deepest(arguments);
  const Slot slot = new_slot();
  push({.op = op, .arguments = std::move(arguments), .outputs = {slot}, .place = place}, where);
  if (depth > 0) depth_.emplace(slot, depth);
  return slot;
}

Slot ProgramBuilder::index(const Operator* op, Slot container, Slot index, Place place, const std::string& where) {
  const auto found = items_.find(container);
  const Value* at = value(index);
  if (found != items_.end() && at != nullptr && at->integer() != nullptr) {
    const auto count = static_cast<std::int64_t>(found->second.size());
    const std::int64_t position = *at->integer() < 0 ? *at->integer() + count : *at->integer();
    if (position >= 0 && position < count) return found->second[static_cast<std::size_t>(position)];
  }
  std::vector<Argument> arguments = only(container);
  arguments.push_back({{}, index});
  return call(op, std::move(arguments), place, where);
}

std::vector<Slot> ProgramBuilder::unpack(Slot container, std::size_t count, Place place, const std::string& where) {
  const auto found = items_.find(container);
  if (found != items_.end()) {
    if (found->second.size() == count) return found->second;
    throw malformed(where, std::to_string(count) + " values", std::to_string(found->second.size()));
  }
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < count; ++i) slots.push_back(new_slot());
  const auto depth = depth_.find(container);
  if (depth != depth_.end()) {
    const std::size_t inner = depth->second;
    for (const Slot slot : slots) depth_.emplace(slot, inner);
  }
  push({.kind = Instruction::Kind::unpack, .arguments = only(container), .outputs = slots, .place = place}, where);
  return slots;
}

void ProgramBuilder::move(Slot to, Slot from, Place place, const std::string& where) {
  std::vector<Argument> arguments = only(from);
  const std::size_t depth = deepest(arguments);
  if (depth > 0) depth_[to] = std::max(depth_[to], depth);
  push({.kind = Instruction::Kind::move, .arguments = std::move(arguments), .outputs = {to}, .place = place}, where);
}

std::size_t ProgramBuilder::skip_unless(Slot condition, Place place, const std::string& where) {
  push({.kind = Instruction::Kind::skip_unless, .arguments = only(condition), .outputs = {}, .place = place}, where);
  return size() - 1;
}

std::size_t ProgramBuilder::skip(Place place, const std::string& where) {
  push({.kind = Instruction::Kind::skip, .arguments = {}, .outputs = {}, .place = place}, where);
  return size() - 1;
}

void ProgramBuilder::outdate(Slot slot, const std::string& where) {
  if (constant_of_.contains(slot)) throw not_graphable(where, "the sizes of an attribute are changed in place");
  outdated_.insert(slot);
}

void ProgramBuilder::use(Slot slot, const std::string& where) const {
  if (!outdated_.contains(slot)) return;
  throw not_graphable(where, "a tensor's sizes are changed in place, and what it was called before is used again");
}

const Value* ProgramBuilder::value(Slot slot) const {
  const auto found = constant_of_.find(slot);
  return found == constant_of_.end() ? nullptr : &program_.constants[found->second].value;
}

bool ProgramBuilder::is_constant_tensor(Slot slot) const {
  const auto found = constant_of_.find(slot);
  return found != constant_of_.end() && program_.constants[found->second].origin == Constant::Origin::constant;
}

std::uint32_t ProgramBuilder::entry(const std::string& name) {
  const auto [at, is_new] = entries_.emplace(name, static_cast<std::uint32_t>(program_.entries.size()));
  if (is_new) program_.entries.push_back(printable(name));
  return at->second;
}

void ProgramBuilder::add_finding(std::string finding) {
  auto& list = program_.findings;
  if (std::find(list.begin(), list.end(), finding) == list.end()) list.push_back(std::move(finding));
}

Program ProgramBuilder::finish(Slot result, int version) {
  program_.result = result;
  program_.version = version;
  return std::move(program_);
}

}  // namespace bertrt::graph::torchscript
