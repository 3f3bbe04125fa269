#include <array>

#include "graph/torchscript/compiler.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

struct Infix {
  std::string_view symbol;
  int precedence;  ///< higher binds tighter
  const char* op;  ///< null: known to Python, not to a graph
};

constexpr int kComparison = 3;
constexpr std::array<Infix, 24> kInfix = {{
    {"or", 1, nullptr},
    {"and", 2, nullptr},
    {"is", kComparison, "aten::__is__"},
    {"in", kComparison, nullptr},
    {"==", kComparison, "aten::eq"},
    {"!=", kComparison, "aten::ne"},
    {"<", kComparison, "aten::lt"},
    {"<=", kComparison, "aten::le"},
    {">", kComparison, "aten::gt"},
    {">=", kComparison, "aten::ge"},
    {"|", 4, "aten::__or__"},
    {"^", 5, "aten::__xor__"},
    {"&", 6, "aten::__and__"},
    {"<<", 7, "aten::__lshift__"},
    {">>", 7, "aten::__rshift__"},
    {"+", 8, "aten::add"},
    {"-", 8, "aten::sub"},
    {"*", 9, "aten::mul"},
    {"/", 9, "aten::div"},
    {"//", 9, "aten::floordiv"},
    {"%", 9, "aten::remainder"},
    {"@", 9, "aten::matmul"},
    {"if", 0, nullptr},
    {"not", kComparison, nullptr},
}};

const Infix* find_infix(const Token& token) {
  if (token.kind != TokenKind::symbol && token.kind != TokenKind::name) return nullptr;
  for (const Infix& infix : kInfix) {
    if (infix.symbol == token.text) return &infix;
  }
  return nullptr;
}

}  // namespace

// A chain of operators is a loop; what is nested in brackets is not.
Bound Compiler::expression(Frame& frame, int least) {
  const Nested nested(*this, frame);
  Bound left = unary(frame);
  bool compared = false;
  for (const Infix* infix = find_infix(frame.token); infix != nullptr && infix->precedence >= least;
       infix = find_infix(frame.token)) {
    std::string op = infix->op == nullptr ? "" : infix->op;
    if (op.empty() || (compared && infix->precedence == kComparison)) {
      throw not_graphable(where(frame), "an expression with " + quoted(infix->symbol));
    }
    compared = infix->precedence == kComparison;
    advance(frame);
    if (op == "aten::__is__" && frame.token.named("not")) {
      op = "aten::__isnot__";
      advance(frame);
    }
    const Bound right = expression(frame, infix->precedence + 1);
    left = bound(call_operator(frame, op, {{{}, left}, {{}, right}}));
  }
  return left;
}

// Signs in front of a value: "- - x", "not x". A power binds tighter than they do.
Bound Compiler::unary(Frame& frame) {
  std::string signs;
  while (frame.token.is('-') || frame.token.is('~') || frame.token.is('+') || frame.token.named("not")) {
    signs += frame.token.text[0];
    advance(frame);
  }
  const bool is_number = frame.token.kind == TokenKind::integer || frame.token.kind == TokenKind::real;
  Bound value;
  if (is_number && !signs.empty() && signs.back() == '-') {
    signs.pop_back();
    value = number(frame, true);
  } else if (!signs.empty() && signs.back() == 'n') {
    value = expression(frame, kComparison);
  } else {
    value = postfix(frame);
  }
  if (frame.token.is("**")) {
    if (is_number) throw not_graphable(where(frame), "a power of a number");  // -2 ** 2 is -4
    advance(frame);
    const Nested nested(*this, frame);
    const Bound exponent = unary(frame);
    value = bound(call_operator(frame, "aten::pow", {{{}, value}, {{}, exponent}}));
  }
  for (; !signs.empty(); signs.pop_back()) {
    const char sign = signs.back();
    if (sign == '+') continue;
    const Value* known = value.kind == Bound::Kind::slot ? builder_.value(value.index) : nullptr;
    const double* real = known == nullptr ? nullptr : std::get_if<double>(&known->data);
    if (sign == '-' && real != nullptr) {  // -inf
      value = bound(builder_.real(-*real));
    } else {
      value = bound(call_operator(frame,
                                  sign == '-'   ? "aten::neg"
                                  : sign == '~' ? "aten::bitwise_not"
                                                : "aten::__not__",
                                  {{{}, value}}));
    }
  }
  return value;
}

// What follows a value: ".name", ".name(…)", "[index]", "(…)".
Bound Compiler::postfix(Frame& frame) {
  Bound value = primary(frame);
  while (true) {
    if (frame.token.is('.')) {
      value = member(frame, value);
    } else if (frame.token.is('[')) {
      value = index(frame, value);
    } else if (frame.token.is('(') && value.kind == Bound::Kind::function) {
      std::vector<Given> given = arguments(frame);
      const Function function = functions_[value.index];
      value = inline_call(*function.file, *function.definition, std::move(given), frame);
    } else if (frame.token.is('(')) {
      throw not_graphable(where(frame), "a call of what is no function");
    } else {
      return value;
    }
  }
}

Bound Compiler::index(Frame& frame, Bound container) {
  advance(frame);
  if (frame.token.is(':')) throw not_graphable(where(frame), "a range in brackets");
  const Slot at = slot(frame, expression(frame));
  if (frame.token.is(':') || frame.token.is(',')) throw not_graphable(where(frame), "a range or a list in brackets");
  expect(frame, ']');
  if (container.kind == Bound::Kind::inputs) return bound(input_at(frame, container.index, at));
  const Operator& op = find(frame, "aten::__getitem__");
  return bound(builder_.index(&op, slot(frame, container), at, place(frame), where(frame)));
}

Bound Compiler::member(Frame& frame, Bound of) {
  advance(frame);
  const std::string_view name = take_name(frame);
  const bool calls = frame.token.is('(');
  if (of.kind == Bound::Kind::object) {
    if (!calls) return read_attribute(frame, of.index, name);
    return call_method(frame, of.index, name, arguments(frame));
  }
  if (of.kind == Bound::Kind::no_grad && calls && name == "__init__") {
    (void)arguments(frame);
    return bound(builder_.none());
  }
  if (!calls) throw not_graphable(where(frame), "attribute " + quoted(name) + " of a value");
  const Slot self = slot(frame, of);
  std::vector<Given> given = arguments(frame);
  given.insert(given.begin(), Given{{}, bound(self)});
  return bound(call_operator(frame, "aten::" + std::string(name), std::move(given)));
}

}  // namespace bertrt::graph::torchscript
