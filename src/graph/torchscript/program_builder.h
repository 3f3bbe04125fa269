#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph/program.h"

namespace bertrt::graph::torchscript {

/// Puts a program together: slots, constants once each, and what is known of a value before the program runs.
class ProgramBuilder {
 public:
  Slot new_slot() { return program_.slots++; }
  Slot add_input(std::string name);

  Slot none() { return literal("n", {}); }
  Slot boolean(bool value) { return literal(value ? "t" : "f", value); }
  Slot integer(std::int64_t value) { return literal(std::to_string(value), value); }
  Slot real(double value);
  Slot text(std::string value);
  Slot device(std::string name) { return literal(key('d', name), Device{name}); }
  /// `make` is called for the first of a name.
  template <typename Make>
  Slot constant(Constant::Origin origin, const std::string& name, Make make) {
    const std::string own = key(origin == Constant::Origin::constant ? 'c' : 'a', name);
    const auto found = named_.find(own);
    if (found != named_.end()) return found->second;
    return named_[own] = add_constant(origin, name, make());
  }

  /// @param where for messages. A list of literals becomes a constant.
  Slot make(Instruction::Kind kind, std::vector<Argument> arguments, Place place, const std::string& where);
  Slot call(const Operator* op, std::vector<Argument> arguments, Place place, const std::string& where);
  Slot index(const Operator* op, Slot container, Slot index, Place place, const std::string& where);
  std::vector<Slot> unpack(Slot container, std::size_t count, Place place, const std::string& where);
  /// The slot's tensor has other sizes now, under another slot: using this one is refused from here on.
  void outdate(Slot slot, const std::string& where);
  void use(Slot slot, const std::string& where) const;
  void move(Slot to, Slot from, Place place, const std::string& where);
  /// Jumps whose target is set later. @return the instruction's index
  std::size_t skip_unless(Slot condition, Place place, const std::string& where);
  std::size_t skip(Place place, const std::string& where);
  /// The jump goes to the instruction that comes next.
  void land(std::size_t jump) { program_.instructions[jump].target = static_cast<std::uint32_t>(size()); }
  std::size_t size() const noexcept { return program_.instructions.size(); }

  /// Null for what is not known before the program runs.
  const Value* value(Slot slot) const;
  /// CONSTANTS.c0 and the like: a run of libtorch's may find what the one before left in them.
  bool is_constant_tensor(Slot slot) const;
  std::uint32_t entry(const std::string& name);
  /// Once each.
  void add_finding(std::string finding);
  Program finish(Slot result, int version);

 private:
  static std::string key(char kind, std::string_view text);
  Slot literal(std::string own_key, Value value);
  Slot add_constant(Constant::Origin origin, std::string name, Value value);
  void push(Instruction instruction, const std::string& where);
  std::size_t deepest(const std::vector<Argument>& arguments) const;

  Program program_;
  std::unordered_map<std::string, Slot> literals_;
  std::unordered_map<std::string, Slot> named_;
  std::unordered_map<Slot, std::size_t> constant_of_;  // index into Program::constants
  std::unordered_map<Slot, std::vector<Slot>> items_;  // of lists and tuples that are made here
  std::unordered_map<Slot, std::size_t> depth_;        // of containers in containers
  std::unordered_map<std::string, std::uint32_t> entries_;
  std::unordered_set<Slot> outdated_;
};

}  // namespace bertrt::graph::torchscript
