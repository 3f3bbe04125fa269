#include "graph/torchscript/signature.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/input_names.h"
#include "graph/torchscript/messages.h"
#include "graph/torchscript/module.h"

namespace bertrt::graph::torchscript {
namespace {

Error unexpected(const Lexer& lexer, const Token& token, std::string expected) {
  return malformed(lexer.where(token.line), std::move(expected), quoted(token.text));
}

bool opens(const Token& token) { return token.is('(') || token.is('[') || token.is('{'); }
bool closes(const Token& token) { return token.is(')') || token.is(']') || token.is('}'); }

// Tokens up to one of `ends` outside of brackets, which is left in `token`.
std::string read_until(Lexer& lexer, Token& token, std::string_view ends) {
  std::string text;
  std::size_t depth = 0;
  while (true) {
    const bool ending =
        token.kind == TokenKind::symbol && token.text.size() == 1 && ends.find(token.text[0]) != std::string_view::npos;
    if (depth == 0 && ending) return text;
    if (token.kind == TokenKind::newline || token.kind == TokenKind::end || (depth == 0 && closes(token))) {
      throw unexpected(lexer, token, "a signature");
    }
    if (opens(token)) ++depth;
    if (closes(token)) --depth;
    text += token.text;
    if (token.is(',')) text += ' ';
    token = lexer.next();
  }
}

}  // namespace

Signature read_signature(Lexer& lexer) {
  Signature signature;
  const Token def = lexer.next();
  const Token name = lexer.next();
  const Token open = lexer.next();
  if (!def.named("def") || name.kind != TokenKind::name || !open.is('(')) throw unexpected(lexer, def, "def NAME(");
  Token token = lexer.next();
  while (!token.is(')')) {
    Parameter parameter;
    if (token.kind != TokenKind::name) throw unexpected(lexer, token, "a parameter's name");
    parameter.name = token.text;
    token = lexer.next();
    if (token.is(':')) {
      token = lexer.next();
      parameter.type = read_until(lexer, token, ",)=");
    } else {
      parameter.type = "Tensor";
    }
    if (token.is('=')) {
      token = lexer.next();
      parameter.default_value = Position{lexer, token};
      read_until(lexer, token, ",)");
    }
    signature.parameters.push_back(std::move(parameter));
    if (token.is(',')) {
      token = lexer.next();
    } else if (!token.is(')')) {
      throw unexpected(lexer, token, "\",\" or \")\"");
    }
  }
  token = lexer.next();
  if (token.is("->")) {
    token = lexer.next();
    signature.return_type = read_until(lexer, token, ":");
  }
  if (!token.is(':')) throw unexpected(lexer, token, "\":\"");
  return signature;
}

std::vector<MethodSignature> methods(const Module& module) {
  const Object& top = module.objects.front();
  std::vector<MethodSignature> result;
  for (const Definition* definition : top.file->methods(*top.code)) {
    if (definition->name.starts_with("__")) continue;
    Lexer lexer = top.file->at(*definition);
    const Signature signature = read_signature(lexer);
    MethodSignature method{std::string(definition->name), {}, signature.return_type};
    std::set<std::string> names;
    for (std::size_t i = 1; i < signature.parameters.size(); ++i) {
      const Parameter& parameter = signature.parameters[i];
      std::string name = base::standard_input_name(parameter.name);
      if (!names.insert(name).second) name = parameter.name;
      method.inputs.push_back({std::move(name), parameter.type, parameter.default_value.has_value()});
    }
    result.push_back(std::move(method));
  }
  return result;
}

std::optional<TracedExample> traced_example(const Module& module, std::string_view method) {
  const auto found = module.examples.find(method);
  if (found == module.examples.end()) return std::nullopt;
  TracedExample example = found->second;
  example.keyed = !example.inputs.empty() && std::none_of(example.inputs.begin(), example.inputs.end(),
                                                          [](const TracedInput& input) { return input.name.empty(); });
  example.named = true;
  for (const TracedInput& input : example.inputs) {
    const TracedInput& first = example.inputs.front();
    example.named = example.named && input.type == first.type && input.shape == first.shape;
  }
  for (const MethodSignature& signature : methods(module)) {
    if (signature.name != method) continue;
    if (example.keyed) return example;
    example.named = example.named && signature.inputs.size() == example.inputs.size();
    for (std::size_t i = 0; example.named && i < example.inputs.size(); ++i) {
      example.inputs[i].name = signature.inputs[i].name;
    }
    return example;
  }
  return std::nullopt;
}

}  // namespace bertrt::graph::torchscript
