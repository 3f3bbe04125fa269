#include "graph/torchscript/compiler.h"

#include <set>

#include "base/input_names.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

constexpr std::size_t kMaxNested = 300;        // brackets, blocks and calls together; a deep encoder has 40
constexpr std::size_t kMaxTokens = 5'000'000;  // read, inlined calls once for each; a deep encoder has 100,000

// "Tuple[Tensor, Tensor]"
bool is_tuple_of_tensors(std::string_view type) {
  constexpr std::string_view kItem = "Tensor";
  if (!type.starts_with("Tuple[") || !type.ends_with("]")) return false;
  type.remove_prefix(6);
  while (type.starts_with(kItem)) {
    type.remove_prefix(kItem.size());
    if (type == "]") return true;
    if (!type.starts_with(", ")) return false;
    type.remove_prefix(2);
  }
  return false;
}

}  // namespace

Compiler::Nested::Nested(Compiler& compiler, const Frame& frame) : compiler_(compiler) {
  if (compiler_.nested_ >= kMaxNested) throw not_graphable(compiler_.where(frame), "code that is nested too deeply");
  ++compiler_.nested_;
}

Program Compiler::compile(std::string_view method) {
  const Object& top = module_.objects.front();
  const Definition* definition = top.file->find_method(*top.code, method);
  if (definition == nullptr) {
    throw Error(ErrorCode::invalid_argument, module_.where(top.file->entry()), "a method " + printable(method), "none");
  }
  Lexer lexer = top.file->at(*definition);
  const Signature signature = read_signature(lexer);
  std::vector<Given> given = {{{}, {Bound::Kind::object, 0}}};
  std::set<std::string> names;
  for (std::size_t i = 1; i < signature.parameters.size(); ++i) {
    const std::string_view own = signature.parameters[i].name;
    std::string name = base::standard_input_name(own);
    if (!names.insert(name).second) name = own;
    given.push_back({{}, input(signature.parameters[i], std::move(name))});
  }
  Frame start(*top.file, top.file->at(*definition), builder_.entry(top.file->entry()));
  const Bound result = inline_call(*top.file, *definition, std::move(given), start);
  const Slot given_back = slot(start, result);
  builder_.use(given_back, where(start));
  return builder_.finish(given_back, module_.version);
}

Bound Compiler::input(const Parameter& parameter, std::string name) {
  const bool keyed = parameter.type == "Dict[str, Tensor]";
  if (!keyed && parameter.type != "List[Tensor]" && !is_tuple_of_tensors(parameter.type)) {
    input_names_.insert(name);
    return bound(builder_.add_input(std::move(name)));
  }
  input_groups_.push_back({std::move(name), keyed, {}});
  return {Bound::Kind::inputs, static_cast<std::uint32_t>(input_groups_.size() - 1)};
}

Slot Compiler::input_at(Frame& frame, std::uint32_t group, Slot key) {
  const Value* value = builder_.value(key);
  const std::string* text = value == nullptr ? nullptr : value->text();
  const std::int64_t* number = value == nullptr ? nullptr : value->integer();
  if (input_groups_[group].keyed && text != nullptr) return input_of(group, *text, *text);
  if (!input_groups_[group].keyed && number != nullptr && *number >= 0) {
    const std::string item = std::to_string(*number);
    return input_of(group, item, input_groups_[group].name + "." + item);
  }
  throw not_graphable(where(frame), "one of several inputs that is not asked for by a name or a number");
}

Slot Compiler::input_of(std::uint32_t group, const std::string& item, std::string name) {
  const auto [found, added] = input_groups_[group].items.try_emplace(item, Slot{0});
  if (added) {
    if (!input_names_.insert(name).second) name = input_groups_[group].name + "." + item;
    found->second = builder_.add_input(std::move(name));
  }
  return found->second;
}

void Compiler::advance(Frame& frame) {
  frame.token = frame.lexer.next();
  if (++tokens_ > kMaxTokens) throw not_graphable(where(frame), "code that calls itself over and over");
}

std::string_view Compiler::take_name(Frame& frame) {
  if (frame.token.kind != TokenKind::name) throw unexpected(frame, "a name");
  const std::string_view name = frame.token.text;
  advance(frame);
  return name;
}

bool Compiler::accept(Frame& frame, char symbol) {
  if (!frame.token.is(symbol)) return false;
  advance(frame);
  return true;
}

void Compiler::expect(Frame& frame, char symbol) {
  if (!accept(frame, symbol)) throw unexpected(frame, quoted({&symbol, 1}));
}

Error Compiler::unexpected(const Frame& frame, std::string expected) const {
  const TokenKind kind = frame.token.kind;
  std::string found = kind == TokenKind::newline ? "the line's end"
                      : kind == TokenKind::end   ? "the code's end"
                                                 : quoted(frame.token.text);
  return malformed(where(frame), std::move(expected), std::move(found));
}

Slot Compiler::slot(Frame& frame, Bound value) const {
  switch (value.kind) {
    case Bound::Kind::slot: return value.index;
    case Bound::Kind::object: throw not_graphable(where(frame), "a module that is handled as a value");
    case Bound::Kind::function: throw not_graphable(where(frame), "a function that is handled as a value");
    case Bound::Kind::uninitialized: throw not_graphable(where(frame), "a value that is never set");
    case Bound::Kind::inputs: throw not_graphable(where(frame), "several inputs that are handled as one value");
    case Bound::Kind::no_grad: throw not_graphable(where(frame), "a torch.no_grad() that is handled as a value");
    case Bound::Kind::packed: throw not_graphable(where(frame), "quantized weights that are handled as a value");
    case Bound::Kind::undecided: break;
  }
  throw not_graphable(where(frame), "a value that depends on a branch");
}

Program read_program(const Module& module, std::string_view method, OperatorLookup lookup) {
  return Compiler(module, lookup).compile(method);
}

}  // namespace bertrt::graph::torchscript
