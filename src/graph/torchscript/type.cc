#include "graph/torchscript/type.h"

#include <algorithm>
#include <utility>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

using archive::PickleKind;
using archive::PickleValue;

constexpr std::size_t kMaxDepth = 32;

Type parse(Lexer& lexer, Token& token, std::size_t depth) {
  if (depth > kMaxDepth) throw malformed(lexer.where(token.line), "a type", "one that is nested too deeply");
  if (token.kind != TokenKind::name) {
    throw malformed(lexer.where(token.line), "a type", quoted(token.text));
  }
  Type type{std::string(token.text), {}};
  for (token = lexer.next(); token.is('.'); token = lexer.next()) {
    token = lexer.next();
    if (token.kind != TokenKind::name) throw malformed(lexer.where(token.line), "a type's name", "none");
    type.name += '.';
    type.name += token.text;
  }
  if (!token.is('[')) return type;
  do {
    token = lexer.next();
    if (token.is(']')) break;  // a comma at the end
    if (token.is('(')) {       // Tuple[()]
      token = lexer.next();
      if (!token.is(')')) throw malformed(lexer.where(token.line), "an empty tuple's type", "something else");
      token = lexer.next();
      break;
    }
    type.arguments.push_back(parse(lexer, token, depth + 1));
  } while (token.is(','));
  if (!token.is(']')) throw malformed(lexer.where(token.line), "\"]\" behind a type", quoted(token.text));
  token = lexer.next();
  return type;
}

Fit all_fit(const Type& type, const PickleValue& list, std::size_t& budget) {
  Fit worst = Fit::yes;
  for (std::size_t i = 0; i < list.size() && worst != Fit::no; ++i) {
    const Fit fit = fits(type, list[i], budget);
    if (fit != Fit::yes) worst = fit;
  }
  return worst;
}

Fit tuple_fits(const Type& type, const PickleValue& value, std::size_t& budget) {
  if (!value.is(PickleKind::tuple) || value.size() != type.arguments.size()) return Fit::no;
  Fit worst = Fit::yes;
  for (std::size_t i = 0; i < value.size() && worst != Fit::no; ++i) {
    const Fit fit = fits(type.arguments[i], value[i], budget);
    if (fit != Fit::yes) worst = fit;
  }
  return worst;
}

Fit dict_fits(const Type& type, const PickleValue& value, std::size_t& budget) {
  if (!value.is(PickleKind::dict) || type.arguments.size() != 2) return Fit::no;
  Fit worst = Fit::yes;
  for (std::size_t i = 0; i < value.size() && worst != Fit::no; ++i) {
    const Fit key = fits(type.arguments[0], value.key(i), budget);
    const Fit item = key == Fit::no ? key : fits(type.arguments[1], value.value(i), budget);
    if (key != Fit::yes) worst = key;
    if (item != Fit::yes) worst = item;
  }
  return worst;
}

Fit any_fits(const Type& type, const PickleValue& value, std::size_t& budget) {
  Fit best = Fit::no;
  for (const Type& one : type.arguments) {
    const Fit fit = fits(one, value, budget);
    if (fit == Fit::yes) return fit;
    if (fit == Fit::unknown) best = fit;
  }
  return best;
}

}  // namespace

Type parse_type(Lexer& lexer, Token& token) { return parse(lexer, token, 0); }

Fit fits(const Type& type, const PickleValue& value, std::size_t& budget) {
  if (budget == 0) return Fit::no;
  --budget;
  const auto when = [](bool right) { return right ? Fit::yes : Fit::no; };
  const PickleKind kind = value.kind();
  if (type.name == "Optional") {
    return kind == PickleKind::none ? Fit::yes : any_fits(type, value, budget);
  }
  if (type.name == "Union") return any_fits(type, value, budget);
  if (type.name.starts_with("__torch__.")) {
    if (kind == PickleKind::opaque) return Fit::unknown;  // a member of an enumeration
    return when(kind == PickleKind::object && value.class_name() == type.name);
  }
  if (kind == PickleKind::opaque || kind == PickleKind::quantized_tensor) return Fit::unknown;
  if (type.name == "Tensor") return when(kind == PickleKind::tensor);
  if (type.name == "int") return when(kind == PickleKind::integer);
  if (type.name == "float") return when(kind == PickleKind::real);
  if (type.name == "bool") return when(kind == PickleKind::boolean);
  if (type.name == "str") return when(kind == PickleKind::text);
  if (type.name == "NoneType") return when(kind == PickleKind::none);
  if (type.name == "number" || type.name == "Scalar") {
    return when(kind == PickleKind::integer || kind == PickleKind::real);
  }
  if (type.name == "List") {
    if (kind != PickleKind::list || type.arguments.size() != 1) return Fit::no;
    return all_fit(type.arguments[0], value, budget);
  }
  if (type.name == "Tuple") return tuple_fits(type, value, budget);
  if (type.name == "Dict") return dict_fits(type, value, budget);
  return Fit::unknown;
}

}  // namespace bertrt::graph::torchscript
