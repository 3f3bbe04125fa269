#include "model/signature.h"

#include <algorithm>
#include <optional>

#include "base/input_names.h"
#include "model/code_text.h"

namespace bertrt::model {
namespace {

using Tokens = std::vector<CodeToken>;

bool is_symbol(const CodeToken& token, char c) { return token.kind == TokenKind::symbol && token.text[0] == c; }
bool is_name(const CodeToken& token, std::string_view name) {
  return token.kind == TokenKind::name && token.text == name;
}

bool opens(const CodeToken& token) { return is_symbol(token, '(') || is_symbol(token, '[') || is_symbol(token, '{'); }
bool closes(const CodeToken& token) { return is_symbol(token, ')') || is_symbol(token, ']') || is_symbol(token, '}'); }

// The index of the first token at bracket depth 0 that is `c`, from `from` on, or `end`.
std::size_t find_at_depth_0(const Tokens& tokens, std::size_t from, std::size_t end, char c) {
  std::size_t depth = 0;
  for (std::size_t i = from; i < end; ++i) {
    if (depth == 0 && is_symbol(tokens[i], c)) return i;
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i])) {
      if (depth == 0) return end;
      --depth;
    }
  }
  return end;
}

// Tokens put together as torch prints types: no spaces but one after a comma.
std::string join(const Tokens& tokens, std::size_t from, std::size_t end) {
  std::string text;
  for (std::size_t i = from; i < end; ++i) {
    if (tokens[i].kind == TokenKind::newline) continue;
    text += tokens[i].text;
    if (is_symbol(tokens[i], ',')) text += ' ';
  }
  return text;
}

std::vector<InputSpec> read_inputs(const Tokens& tokens, std::size_t from, std::size_t end) {
  std::vector<InputSpec> inputs;
  for (std::size_t at = from; at < end;) {
    const std::size_t comma = find_at_depth_0(tokens, at, end, ',');
    if (tokens[at].kind == TokenKind::name && tokens[at].text != "self") {
      const std::size_t colon = find_at_depth_0(tokens, at, comma, ':');
      const std::size_t value = find_at_depth_0(tokens, colon, comma, '=');
      InputSpec input;
      input.name = base::standard_input_name(tokens[at].text);
      input.type = colon < comma ? join(tokens, colon + 1, value) : "Tensor";
      inputs.push_back(std::move(input));
    }
    at = comma + 1;
  }
  return inputs;
}

// Keys of the dict literal that starts at `open`.
std::vector<std::string> dict_keys(const Tokens& tokens, std::size_t open, std::size_t end) {
  std::vector<std::string> keys;
  std::size_t close = open + 1;
  for (std::size_t depth = 1; close < end; ++close) {
    if (opens(tokens[close])) ++depth;
    if (closes(tokens[close]) && --depth == 0) break;
  }
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t comma = find_at_depth_0(tokens, at, close, ',');
    if (tokens[at].kind == TokenKind::text && tokens[at].text.size() >= 2) {
      keys.emplace_back(tokens[at].text.substr(1, tokens[at].text.size() - 2));
    }
    at = comma + 1;
  }
  return keys;
}

// The last "return" of a method's body: a dict literal, or a variable that one was assigned to.
std::vector<std::string> returned_keys(const Tokens& tokens, std::size_t from, std::size_t end) {
  std::size_t at = end;
  for (std::size_t i = from; i < end; ++i) {
    if (is_name(tokens[i], "return")) at = i;
  }
  if (at + 1 >= end) return {};
  if (is_symbol(tokens[at + 1], '{')) return dict_keys(tokens, at + 1, end);
  if (tokens[at + 1].kind != TokenKind::name) return {};
  const std::string_view variable = tokens[at + 1].text;
  std::vector<std::string> keys;
  for (std::size_t i = from; i + 2 < at; ++i) {
    if (is_name(tokens[i], variable) && is_symbol(tokens[i + 1], '=') && is_symbol(tokens[i + 2], '{')) {
      keys = dict_keys(tokens, i + 2, end);
    }
  }
  return keys;
}

// The first token behind `from` that starts a line at `column` or left of it.
std::size_t end_of_block(const Tokens& tokens, std::size_t from, std::uint32_t column) {
  for (std::size_t i = from + 1; i < tokens.size(); ++i) {
    const bool starts_line = tokens[i - 1].kind == TokenKind::newline && tokens[i].kind != TokenKind::newline;
    if (starts_line && tokens[i].column <= column) return i;
  }
  return tokens.size();
}

std::optional<Method> read_method(const Tokens& tokens, std::size_t def, std::size_t end) {
  if (def + 2 >= end || tokens[def + 1].kind != TokenKind::name || !is_symbol(tokens[def + 2], '(')) return {};
  Method method;
  method.name = std::string(tokens[def + 1].text);
  const std::size_t close = find_at_depth_0(tokens, def + 3, end, ')');
  method.inputs = read_inputs(tokens, def + 3, close);
  const std::size_t colon = find_at_depth_0(tokens, std::min(close + 1, end), end, ':');
  for (std::size_t i = close; i + 1 < colon; ++i) {
    if (is_symbol(tokens[i], '-') && is_symbol(tokens[i + 1], '>')) {
      method.return_type = join(tokens, i + 2, colon);
      break;
    }
  }
  if (method.return_type.starts_with("Dict")) method.output_keys = returned_keys(tokens, colon, end);
  return method;
}

}  // namespace

std::string code_entry_of(std::string_view class_name) {
  std::string entry = "code/";
  entry += class_name.substr(0, class_name.rfind('.'));
  std::replace(entry.begin(), entry.end(), '.', '/');
  return entry + ".py";
}

std::vector<Method> read_methods(std::string_view code, std::string_view class_name) {
  const Tokens tokens = tokenize_code(code);
  const std::string_view short_name = class_name.substr(class_name.rfind('.') + 1);
  std::vector<Method> methods;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool here = is_name(tokens[i], "class") && tokens[i].column == 0 && is_name(tokens[i + 1], short_name);
    if (!here) continue;
    const std::size_t class_end = end_of_block(tokens, i, tokens[i].column);
    for (std::size_t k = i; k < class_end; ++k) {
      if (!is_name(tokens[k], "def")) continue;
      const std::size_t end = std::min(end_of_block(tokens, k, tokens[k].column), class_end);
      auto method = read_method(tokens, k, end);
      if (method && !method->name.starts_with("__")) methods.push_back(*std::move(method));
    }
    break;
  }
  return methods;
}

}  // namespace bertrt::model
