#include <array>
#include <charconv>
#include <limits>

#include "graph/torchscript/compiler.h"
#include "graph/torchscript/messages.h"
#include "graph/torchscript/type.h"

namespace bertrt::graph::torchscript {
namespace {

constexpr std::size_t kMaxKey = 256;  // bytes of a dict's key

}  // namespace

Bound Compiler::primary(Frame& frame) {
  switch (frame.token.kind) {
    case TokenKind::integer:
    case TokenKind::real: return number(frame, false);
    case TokenKind::name: return name(frame);
    case TokenKind::text: {
      const Slot text = builder_.text(unescape(frame.token, frame.lexer));
      advance(frame);
      return bound(text);
    }
    default: break;
  }
  if (frame.token.is('(')) return parentheses(frame);
  if (frame.token.is('[')) return list(frame);
  if (frame.token.is('{')) return dict(frame);
  throw unexpected(frame, "an expression");
}

Bound Compiler::number(Frame& frame, bool negative) {
  std::string digits(negative ? 1 : 0, '-');
  digits += frame.token.text;
  const char* const last = digits.data() + digits.size();
  if (frame.token.kind == TokenKind::integer) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), last, value);
    if (failure != std::errc() || end != last) throw unexpected(frame, "an integer of 64 bits");
    advance(frame);
    return bound(builder_.integer(value));
  }
  double value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), last, value);
  if (failure != std::errc() || end != last) throw unexpected(frame, "a number of double precision");
  advance(frame);
  return bound(builder_.real(value));
}

Bound Compiler::name(Frame& frame) {
  const Token token = frame.token;
  const auto local = frame.names.find(token.text);
  if (local != frame.names.end()) {
    advance(frame);
    return local->second;
  }
  if (token.text == "torch") return torch(frame);
  if (token.text == "ops") return ops(frame);
  if (token.text == "__torch__") return global(frame);
  if (token.text == "lambda") throw not_graphable(where(frame), "a lambda");
  advance(frame);
  if (token.text == "CONSTANTS") {
    expect(frame, '.');
    return read_constant(frame, take_name(frame));
  }
  if (frame.token.is('(')) return builtin(frame, token.text);
  if (token.text == "True" || token.text == "False") return bound(builder_.boolean(token.text == "True"));
  if (token.text == "None") return bound(builder_.none());
  if (token.text == "inf") return bound(builder_.real(std::numeric_limits<double>::infinity()));
  if (token.text == "nan") return bound(builder_.real(std::numeric_limits<double>::quiet_NaN()));
  throw malformed(where(frame), "a name that is set before it is read", quoted(token.text));
}

// Functions of the language itself; the token is the bracket behind their name.
Bound Compiler::builtin(Frame& frame, std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kConversions = {
      {{"int", "aten::Int"}, {"float", "aten::Float"}, {"bool", "aten::Bool"}, {"str", "aten::str"}}};
  for (const auto& [own, op] : kConversions) {
    if (name == own) return bound(call_operator(frame, std::string(op), arguments(frame)));
  }
  const bool cast = name == "unchecked_cast";
  if (name == "annotate" || cast || name == "uninitialized") {
    advance(frame);
    const Type type = parse_type(frame.lexer, frame.token);
    if (name == "uninitialized") {
      expect(frame, ')');
      return {Bound::Kind::uninitialized, 0};
    }
    expect(frame, ',');
    const Bound value = expression(frame);
    accept(frame, ',');
    expect(frame, ')');
    if (value.kind == Bound::Kind::object && type.name != module_.objects[value.index].class_name) {
      throw malformed(where(frame), "an object of class " + printable(type.name), "one of another class");
    }
    // A number where the value is a tensor: that is how a conversion without a name is printed.
    const char* op = cast                    ? nullptr
                     : type.name == "number" ? "aten::ScalarImplicit"
                     : type.name == "int"    ? "aten::IntImplicit"
                     : type.name == "float"  ? "aten::FloatImplicit"
                                             : nullptr;
    const bool known = value.kind != Bound::Kind::slot || builder_.value(value.index) != nullptr;
    return op == nullptr || known ? value : bound(call_operator(frame, op, {{{}, value}}));
  }
  if (name == "getattr") {
    advance(frame);
    const Bound object = expression(frame);
    expect(frame, ',');
    if (frame.token.kind != TokenKind::text || object.kind != Bound::Kind::object) {
      throw not_graphable(where(frame), "getattr of what is no module");
    }
    const std::string attribute = unescape(frame.token, frame.lexer);
    advance(frame);
    expect(frame, ')');
    return read_attribute(frame, object.index, attribute);
  }
  throw not_graphable(where(frame), "function " + printable(name) + " is not known");
}

std::string Compiler::dotted_name(Frame& frame) {
  std::string path(take_name(frame));
  while (accept(frame, '.')) {
    path += '.';
    path += take_name(frame);
  }
  return path;
}

// "__torch__.a.b.name": a free function; or "__torch__.torch.autograd.grad_mode.no_grad.__new__(…)".
Bound Compiler::global(Frame& frame) {
  const std::string path = dotted_name(frame);
  if (path == "__torch__.torch.autograd.grad_mode.no_grad.__new__") {
    expect(frame, '(');
    (void)dotted_name(frame);  // its class once more
    expect(frame, ')');
    return {Bound::Kind::no_grad, 0};
  }
  const std::string_view last = std::string_view(path).substr(path.rfind('.') + 1);
  const CodeFile* file = module_.file_of(path);
  const Definition* definition = file == nullptr ? nullptr : file->find_function(last);
  if (definition == nullptr) {
    if (file != nullptr && file->find_class(last) != nullptr)
      throw not_graphable(where(frame), "an object that is made of class " + printable(path));
    throw malformed(where(frame), "a function of the file", quoted(path));
  }
  const auto [at, is_new] = function_index_.emplace(definition, static_cast<std::uint32_t>(functions_.size()));
  if (is_new) functions_.push_back({file, definition});
  return {Bound::Kind::function, at->second};
}

Bound Compiler::torch(Frame& frame) {
  advance(frame);
  expect(frame, '.');
  const std::string name(take_name(frame));
  if (!frame.token.is('('))
    throw not_graphable(where(frame), "operator aten::" + printable(name) + " that is not called");
  std::vector<Given> given = arguments(frame);
  if (name != "device") return bound(call_operator(frame, "aten::" + name, std::move(given)));
  // Every device is this one; a device without data is none.
  const Value* device =
      given.empty() || given[0].value.kind != Bound::Kind::slot ? nullptr : builder_.value(given[0].value.index);
  const std::string* text = device == nullptr ? nullptr : std::get_if<std::string>(&device->data);
  if (text == nullptr) throw not_graphable(where(frame), "a device that is computed");
  static constexpr std::array<std::string_view, 7> kKnown = {"cpu", "cuda", "mps", "xpu", "hpu", "hip", "xla"};
  const std::string_view kind = std::string_view(*text).substr(0, text->find(':'));
  for (const std::string_view known : kKnown) {
    if (kind == known) return bound(builder_.device(*text));
  }
  throw not_graphable(where(frame), "device " + quoted(*text));
}

// "ops.prim.NumToTensor(…)"
Bound Compiler::ops(Frame& frame) {
  advance(frame);
  expect(frame, '.');
  std::string name(take_name(frame));
  expect(frame, '.');
  name += "::";
  name += take_name(frame);
  if (!frame.token.is('(')) throw not_graphable(where(frame), "operator " + printable(name) + " that is not called");
  return bound(call_operator(frame, name, arguments(frame)));
}

// One value, or a tuple.
Bound Compiler::parentheses(Frame& frame) {
  const Place at = place(frame);
  advance(frame);
  std::vector<Argument> items;
  bool tuple = frame.token.is(')');
  while (!frame.token.is(')')) {
    const Bound value = expression(frame);
    if (frame.token.is(')') && items.empty() && !tuple) {
      advance(frame);
      return value;
    }
    items.push_back({{}, slot(frame, value)});
    if (!frame.token.is(')')) expect(frame, ',');
    tuple = true;
  }
  advance(frame);
  return bound(builder_.make(Instruction::Kind::make_tuple, std::move(items), at, frame.lexer.where(at.line)));
}

Bound Compiler::list(Frame& frame) {
  const Place at = place(frame);
  advance(frame);
  std::vector<Argument> items;
  while (!frame.token.is(']')) {
    const Bound value = expression(frame);
    items.push_back({{}, slot(frame, value)});
    if (!frame.token.is(']')) expect(frame, ',');
  }
  advance(frame);
  return bound(builder_.make(Instruction::Kind::make_list, std::move(items), at, frame.lexer.where(at.line)));
}

Bound Compiler::dict(Frame& frame) {
  const Place at = place(frame);
  advance(frame);
  std::vector<Argument> items;
  std::map<std::string, Slot> seen;
  while (!frame.token.is('}')) {
    const Bound key = expression(frame);
    const Value* known = key.kind == Bound::Kind::slot ? builder_.value(key.index) : nullptr;
    const std::string* text = known == nullptr ? nullptr : std::get_if<std::string>(&known->data);
    if (text == nullptr || text->size() > kMaxKey)
      throw not_graphable(where(frame), "a dict whose keys are no short texts");
    const std::string own = *text;
    expect(frame, ':');
    const Slot value = slot(frame, expression(frame));
    if (!seen.emplace(own, value).second)
      throw malformed(where(frame), "each key of a dict once", quoted(own) + " twice");
    items.push_back({own, value});
    if (!frame.token.is('}')) expect(frame, ',');
  }
  advance(frame);
  return bound(builder_.make(Instruction::Kind::make_dict, std::move(items), at, frame.lexer.where(at.line)));
}

// "(a, b, name=c, )"; the token is the opening bracket.
std::vector<Compiler::Given> Compiler::arguments(Frame& frame) {
  advance(frame);
  std::vector<Given> given;
  while (!frame.token.is(')')) {
    std::string_view name;
    if (frame.token.kind == TokenKind::name) {
      Lexer ahead = frame.lexer;
      if (ahead.next().is('=')) {
        name = take_name(frame);
        advance(frame);
      }
    }
    if (name.empty() && !given.empty() && !given.back().name.empty()) throw unexpected(frame, "a named argument");
    const Bound value = expression(frame);
    given.push_back({name, value});
    if (!frame.token.is(')')) expect(frame, ',');
  }
  advance(frame);
  return given;
}

}  // namespace bertrt::graph::torchscript
