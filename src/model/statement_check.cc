#include "model/statement_check.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "model/operator_table.h"

namespace bertrt::model {
namespace {

constexpr std::string_view kHides = "hides what is called";
constexpr std::string_view kNotPrinted = "does not stand in code that tracing prints";
constexpr std::int64_t kMaxTurns = 4096;
constexpr std::size_t kMaxDepth = 200;    // of brackets; traces have some 10
constexpr std::uint32_t kMaxIndent = 64;  // in spaces, two for each block in a block

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Python's words that tracing does not print; each can do something that the rest of this check does not look for.
constexpr auto kRefusedWords = std::to_array<std::string_view>(
    {"while", "with", "lambda", "del", "global", "nonlocal", "yield", "async", "await", "try", "except", "finally",
     "raise", "import", "from", "as", "break", "continue", "exec"});
// What an expression in parentheses can stand behind.
constexpr auto kOperators =
    std::to_array<std::string_view>({"return", "if", "elif", "in", "and", "or", "not", "is", "else", "assert"});
// The names that mean something by themselves: nothing may be stored under them.
constexpr auto kRoots = std::to_array<std::string_view>({"torch", "ops", "__torch__", "CONSTANTS"});

// torch.NAME, where a number, a device or a type is meant and not a function.
constexpr auto kTorchValues = std::to_array<std::string_view>({"inf", "nan", "strided"});

bool is_forward(std::string_view name) {
  constexpr std::string_view kForward = "forward";
  return name.starts_with(kForward) && name.find_first_not_of("0123456789", kForward.size()) == std::string_view::npos;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<StrangeCharacter> find_strange_character(std::string_view code) {
  std::uint32_t line = 1;
  for (const char c : code) {
    const bool plain = (c >= ' ' && c < '\x7f') || c == '\n';
    if (!plain) {
      static constexpr char kHex[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      return StrangeCharacter{line, std::string("the character 0x") + kHex[byte >> 4U] + kHex[byte & 15U]};
    }
    if (c == '\n') ++line;
  }
  return std::nullopt;
}

void StatementCheck::refuse(std::size_t at, std::string_view name, std::string_view why) const {
  report_(at < tokens_.size() ? tokens_[at].line : 0, name, why, true);
}

void StatementCheck::run() {
  if (tokens_.empty()) return;
  if (tokens_[0].column > kMaxIndent) refuse(0, "a deep block", kNotPrinted);
  check_head();
  check_targets();
  for (std::size_t i = 0; i < tokens_.size(); ++i) check_token(i);
}

// class, def, for.
void StatementCheck::check_head() {
  const std::string_view first = text(0);
  if (first == "class") {
    const bool known = is_name(1) && is(2, "(") && (is(3, "Module") || is(3, "NamedTuple")) && is(4, ")");
    if (!known) refuse(0, "a class", "is neither a module nor a named tuple");
    if (contains(kRoots, text(1)) || judge_builtin(text(1)).allowed) refuse(1, text(1), kHides);
  } else if (first == "def") {
    const std::string_view name = text(1);
    if (name.starts_with("__")) refuse(1, name, name == "__setstate__" ? judge_builtin(name).why : "runs by itself");
    if (contains(kRoots, name) || judge_builtin(name).allowed) refuse(1, name, kHides);
  } else if (first == "for") {
    check_loop();
  }
}

// for NAME in range(NUMBER):
void StatementCheck::check_loop() {
  const bool known = is_name(1) && is(2, "in") && is(3, "range") && is(4, "(") && is(6, ")") && is(7, ":");
  const auto turns = known ? whole_number(text(5)) : std::nullopt;
  if (!turns || *turns > kMaxTurns) refuse(0, "a loop", "may not end");
}

// What is stored to. A name that means something by itself would mean something else from there on.
void StatementCheck::check_targets() {
  std::size_t depth = 0;
  std::size_t equals = 0;
  for (std::size_t i = 0; i < tokens_.size() && equals == 0; ++i) {
    const std::string_view token = text(i);
    if (token == "(" || token == "[" || token == "{") ++depth;
    if ((token == ")" || token == "]" || token == "}") && depth > 0) --depth;
    const bool comparison =
        is(i + 1, "=") || (i > 0 && (is(i - 1, "=") || is(i - 1, "!") || is(i - 1, "<") || is(i - 1, ">")));
    if (depth == 0 && token == "=" && !comparison) equals = i;
  }
  std::size_t end = is(0, "def") ? 0 : equals;
  if (is(0, "for")) end = std::min<std::size_t>(2, tokens_.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (is(i, ":")) break;                                                           // a type follows
    if (!is_name(i) || behind_dot(i) || is(i + 1, "(") || is(i + 1, ".")) continue;  // in an index: not stored to
    if (contains(kRoots, text(i)) || judge_builtin(text(i)).allowed) refuse(i, text(i), kHides);
  }
}

void StatementCheck::check_token(std::size_t at) {
  const CodeToken& token = tokens_[at];
  switch (token.kind) {
    case TokenKind::name: check_name(at); return;
    case TokenKind::text:
      if (at > 0 && is_name(at - 1) && !contains(kOperators, text(at - 1))) {
        refuse(at, "a text with a prefix", kNotPrinted);
      }
      if (token.text.size() < 2 || token.text.back() != token.text.front()) refuse(at, "a text without an end", kHides);
      if (token.text.find('\n') != std::string_view::npos) refuse(at, "a text of several lines", kNotPrinted);
      return;
    case TokenKind::symbol: break;
    default: return;
  }
  if (token.text == "(") check_call(at);
  check_symbol(at);
}

// Tracing prints calls of operators for all arithmetic and comparisons. What is left of Python's signs is little, and
// nests no deeper than calls do: libtorch's parser is recursive.
void StatementCheck::check_symbol(std::size_t at) {
  const std::string_view sign = text(at);
  if (sign == "(" || sign == "[" || sign == "{") {
    if (++depth_ == kMaxDepth) refuse(at, "a deep expression", kNotPrinted);
  } else if (sign == ")" || sign == "]" || sign == "}") {
    if (depth_ > 0) --depth_;
  } else if (sign == "-") {
    const bool number = at + 1 < tokens_.size() && tokens_[at + 1].kind == TokenKind::number;
    if (!number && !is(at + 1, ">") && !is(at + 1, "inf")) refuse(at, sign, kNotPrinted);
  } else if (sign == ">") {
    if (at == 0 || !is(at - 1, "-")) refuse(at, sign, kNotPrinted);
  } else if (sign == "^") {
    refuse(at, "a call of Python (^)", "runs outside of the model");
  } else if (sign != "," && sign != "." && sign != ":" && sign != "=") {
    refuse(at, sign, kNotPrinted);
  }
}

void StatementCheck::check_name(std::size_t at) {
  const std::string_view name = text(at);
  if (behind_dot(at)) {
    // The class's full name, in a type or a call of its constructor: __torch__.torch.classes.space.Name
    if (name == "classes") refuse(at, "a C++ class (torch.classes)", "is built from data by libtorch's own code");
    if (name == "__setstate__") refuse(at, name, judge_builtin(name).why);
    return;
  }
  if (contains(kRefusedWords, name)) {
    refuse(at, name, name == "while" ? "may not end" : kNotPrinted);
  } else if (name == "for" && at > 0) {
    refuse(at, "a loop in an expression", "may not end");
  } else if (name == "torch" || name == "ops") {
    check_namespace(at);
  }
}

// Without a name the namespace itself is passed on, and nobody can tell what for; without a call the function is.
void StatementCheck::check_namespace(std::size_t at) {
  const bool ops = is(at, "ops");
  const std::size_t name_at = at + (ops ? 4 : 2);
  const bool named = is(at + 1, ".") && is_name(at + 2) && (!ops || (is(at + 3, ".") && is_name(name_at)));
  const bool value = !ops && contains(kTorchValues, text(name_at));
  if (!named) {
    refuse(at, text(at), kHides);
  } else if (!is(name_at + 1, "(") && !value) {
    refuse(at, std::string(text(at)) + "." + std::string(text(name_at)), "is passed on without being called");
  }
}

// An opening parenthesis: a call, or an expression in brackets.
void StatementCheck::check_call(std::size_t open) {
  if (open == 0) return;
  const CodeToken& before = tokens_[open - 1];
  if (before.kind == TokenKind::symbol) {
    if (before.text == ")" || before.text == "]" || before.text == "}") refuse(open, "a call of a value", kHides);
    return;
  }
  if (before.kind != TokenKind::name) {
    refuse(open, "a call of a value", kHides);
  } else if (behind_dot(open - 1)) {
    check_member_call(open - 1);
  } else {
    check_named_call(open - 1);
  }
}

void StatementCheck::check_named_call(std::size_t at) {
  const std::string_view name = text(at);
  const bool definition = at == 1 && (is(0, "class") || is(0, "def"));
  if (definition || contains(kOperators, name)) return;
  const OperatorVerdict verdict = judge_builtin(name);
  if (!verdict.allowed) refuse(at, name, verdict.why);
  if (name == "getattr") check_getattr(at + 1);
}

// a.b.NAME(…): by the name that the chain begins with.
void StatementCheck::check_member_call(std::size_t at) {
  std::size_t root = at;
  while (root >= 2 && is(root - 1, ".") && is_name(root - 2)) root -= 2;
  const bool whole = !behind_dot(root);  // else it begins with ")" or a number
  if (whole && is(root, "torch") && at == root + 2) {
    check_operator(at, "aten", at);
  } else if (whole && is(root, "ops") && at == root + 4) {
    check_operator(at, text(root + 2), at);
  } else if (whole && is(root, "__torch__")) {
    return;  // a class or function of the archive, whose code is checked as well; a method cannot be named so
  } else if (!is_forward(text(at))) {
    check_operator(at, "aten", at);
  }
}

void StatementCheck::check_operator(std::size_t at, std::string_view space, std::size_t name_at) {
  const std::string_view name = text(name_at);
  const OperatorVerdict verdict = judge_operator(space, name);
  const std::string full = std::string(space) + "::" + std::string(name);
  if (!verdict.allowed) {
    refuse(at, full, verdict.why);
  } else if (divides(name) && !divisor_is_literal(at + 1)) {
    refuse(at, full, "divides whole numbers by one that is not written in the code");
  } else if (name == "as_strided") {
    report_(tokens_[at].line, full, "makes a view by computed strides (Longformer does; libtorch checks its bounds)",
            false);
  }
}

// Where the bracket that opens at `open` closes; all of them are found at once, so that nesting costs nothing more.
std::size_t StatementCheck::end_of_brackets(std::size_t open) {
  if (ends_.empty()) {
    ends_.assign(tokens_.size(), static_cast<std::uint32_t>(tokens_.size()));
    std::vector<std::uint32_t> waiting;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::string_view token = text(i);
      if (token == "(" || token == "[" || token == "{") waiting.push_back(static_cast<std::uint32_t>(i));
      if ((token == ")" || token == "]" || token == "}") && !waiting.empty()) {
        ends_[waiting.back()] = static_cast<std::uint32_t>(i);
        waiting.pop_back();
      }
    }
  }
  return ends_[open];
}

// f(…, NUMBER) with a number above 0.
bool StatementCheck::divisor_is_literal(std::size_t open) {
  std::size_t last = end_of_brackets(open) - 1;
  if (is(last, ",")) --last;
  if (last <= open + 1 || last >= tokens_.size() || tokens_[last].kind != TokenKind::number || !is(last - 1, ",")) {
    return false;
  }
  return text(last).find_first_not_of("0.") != std::string_view::npos;
}

// getattr(object, "name"): a name in a text without escapes. What it gives cannot be called, as calls of values are
// refused.
void StatementCheck::check_getattr(std::size_t open) {
  std::size_t last = end_of_brackets(open) - 1;
  if (is(last, ",")) --last;
  const bool literal = last > open + 1 && last < tokens_.size() && tokens_[last].kind == TokenKind::text &&
                       is(last - 1, ",") && text(last).find('\\') == std::string_view::npos;
  if (!literal) refuse(open, "getattr", "hides which attribute is meant");
}

}  // namespace bertrt::model
