#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "graph/torchscript/module.h"
#include "graph/torchscript/pickled_value.h"
#include "graph/torchscript/program_builder.h"
#include "graph/torchscript/signature.h"

namespace bertrt::graph::torchscript {

/// What a name of the code stands for while it is read.
struct Bound {
  enum class Kind : std::uint8_t {
    slot,           ///< a value of the program
    object,         ///< a module
    function,       ///< a free function
    uninitialized,  ///< uninitialized(T): in the code, but never read
    undecided,      ///< a module or a function that a branch chooses
    inputs,         ///< a dict, tuple or list of the method's inputs
    no_grad,        ///< torch.no_grad(): no gradients are kept here anyway
    packed,         ///< the weights of a quantized layer, as libtorch keeps them
  };
  Kind kind = Kind::slot;
  std::uint32_t index = 0;  ///< slot, index into Module::objects, into Compiler::functions_, input_groups_ or packed_

  bool operator==(const Bound&) const = default;
};

/// Reads a method's text from front to end and puts its program together while it reads: no tree of the code is kept,
/// a call's text is read where the call stands. Recursion is bounded by one count of nested brackets, blocks and calls,
/// work by one count of tokens.
class Compiler {
 public:
  Compiler(const Module& module, OperatorLookup lookup) : module_(module), lookup_(lookup), values_(module.keep) {}

  Program compile(std::string_view method);

 private:
  struct Change {
    std::string_view name;
    std::optional<Bound> before;
  };
  /// A method or function while it is read.
  struct Frame {
    Frame(const CodeFile& code, Lexer at, std::uint32_t entry_index) : file(code), lexer(at), entry(entry_index) {}
    const CodeFile& file;
    Lexer lexer;
    Token token;  ///< the one that is looked at; the lexer stands behind it
    std::uint32_t entry;
    std::unordered_map<std::string_view, Bound> names;
    std::vector<Change>* changes = nullptr;  ///< of the innermost branch
    bool returned = false;
    bool raised = false;  ///< does not go on from here
    std::optional<Bound> result;
  };
  struct Given {
    std::string_view name;  ///< empty: by position
    Bound value;
  };
  /// What the two ways through a branch leave behind.
  struct Way {
    std::map<std::string_view, Bound> names;
    bool raised = false;
  };
  /// Weights that a class of libtorch's own keeps.
  struct Packed {
    archive::PickleValue object;
    const Storages* storages;
    std::string name;
  };
  struct Function {
    const CodeFile* file;
    const Definition* definition;
  };
  /// Inputs that come together: each is an input of its own as soon as the code asks for it.
  struct InputGroup {
    std::string name;
    bool keyed = false;                 ///< a dict
    std::map<std::string, Slot> items;  ///< by key, or by number
  };
  class Nested;

  // compile_call.cc
  Bound inline_call(const CodeFile& file, const Definition& definition, std::vector<Given> given, Frame& caller);
  void bind(Frame& frame, const Signature& signature, std::vector<Given>& given);
  Bound call_method(Frame& frame, std::uint32_t object, std::string_view name, std::vector<Given> given);
  Slot call_operator(Frame& frame, const std::string& name, std::vector<Given> given);
  void read_halves(const std::string& name, std::vector<Argument>& arguments);
  void note_randomness(const std::string& name, const std::vector<Argument>& arguments);
  Bound read_attribute(Frame& frame, std::uint32_t object, std::string_view name);
  Bound read_constant(Frame& frame, std::string_view name);
  const Operator& find(Frame& frame, const std::string& name);

  // compile_quantized.cc
  static bool is_packed(const archive::PickleValue& value);
  Bound packed(const archive::PickleValue& object, const Storages& storages, std::string name);
  Slot quantized_linear(Frame& frame, const std::string& name, const std::vector<Given>& given);

  // compile_statement.cc
  void body(Frame& frame, std::uint32_t column);
  void statement(Frame& frame);
  void with(Frame& frame);
  void assign(Frame& frame);
  void branch(Frame& frame);
  Way way(Frame& frame, std::uint32_t column);
  void skip_body(Frame& frame, std::uint32_t column);
  void merge(Frame& frame, const Way& yes, const Way& no, std::size_t end_of_yes, Place at);
  void set(Frame& frame, std::string_view name, Bound value);

  // compile_expression.cc
  Bound expression(Frame& frame, int least = 0);
  Bound unary(Frame& frame);
  Bound postfix(Frame& frame);
  Bound index(Frame& frame, Bound container);
  Bound member(Frame& frame, Bound of);

  // compile_primary.cc
  Bound primary(Frame& frame);
  Bound number(Frame& frame, bool negative);
  Bound name(Frame& frame);
  Bound builtin(Frame& frame, std::string_view name);
  Bound global(Frame& frame);
  std::string dotted_name(Frame& frame);
  Bound torch(Frame& frame);
  Bound ops(Frame& frame);
  Bound parentheses(Frame& frame);
  Bound list(Frame& frame);
  Bound dict(Frame& frame);
  std::vector<Given> arguments(Frame& frame);

  // compiler.cc
  void advance(Frame& frame);
  std::string_view take_name(Frame& frame);
  void expect(Frame& frame, char symbol);
  bool accept(Frame& frame, char symbol);
  Error unexpected(const Frame& frame, std::string expected) const;
  std::string where(const Frame& frame) const { return frame.lexer.where(frame.token.line); }
  Place place(const Frame& frame) const { return {frame.entry, frame.token.line}; }
  Slot slot(Frame& frame, Bound value) const;
  Bound input(const Parameter& parameter, std::string name);
  Slot input_at(Frame& frame, std::uint32_t group, Slot key);
  Slot input_of(std::uint32_t group, const std::string& item, std::string name);
  static Bound bound(Slot slot) { return {Bound::Kind::slot, slot}; }

  const Module& module_;
  OperatorLookup lookup_;
  ValueReader values_;
  ProgramBuilder builder_;
  std::vector<Function> functions_;
  std::vector<InputGroup> input_groups_;
  std::vector<Packed> packed_;
  std::unordered_map<std::string, std::uint32_t> packed_index_;
  std::set<std::string> input_names_;
  std::unordered_map<const Definition*, std::uint32_t> function_index_;
  std::unordered_map<std::string, const Operator*> operators_;
  std::size_t nested_ = 0;
  std::size_t tokens_ = 0;
};

/// Counts one level of nesting as long as it lives. @throws Error unsupported
class Compiler::Nested {
 public:
  Nested(Compiler& compiler, const Frame& frame);
  ~Nested() { --compiler_.nested_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  Compiler& compiler_;
};

}  // namespace bertrt::graph::torchscript
