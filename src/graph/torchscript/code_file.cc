#include "graph/torchscript/code_file.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

// The first item with the name in a range that is sorted by name, or null.
template <typename T>
const T* search(const std::vector<T>& list, std::size_t first, std::size_t last, std::string_view name) {
  const auto begin = list.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = list.begin() + static_cast<std::ptrdiff_t>(last);
  const auto found =
      std::lower_bound(begin, end, name, [](const T& item, std::string_view n) { return item.name < n; });
  return found != end && found->name == name ? &*found : nullptr;
}

// The next token, passed by where it only ends a line.
Token next_on_line(Lexer& lexer) {
  Token token = lexer.next();
  while (token.kind == TokenKind::newline) token = lexer.next();
  return token;
}

void skip_line(Lexer& lexer) {
  Token token = lexer.next();
  while (token.kind != TokenKind::newline && token.kind != TokenKind::end) token = lexer.next();
}

}  // namespace

CodeFile::CodeFile(std::string_view text, std::string entry, std::string where)
    : text_(text), entry_(std::move(entry)), where_(std::move(where)) {
  if (text_.size() >= std::numeric_limits<std::uint32_t>::max()) throw malformed(where_, "a text below 4 GB", "more");
  Lexer lexer(text_, where_);
  for (Lexer ahead = lexer;; ahead = lexer) {
    const Token token = next_on_line(ahead);
    if (token.kind == TokenKind::end) break;
    if (token.column != 0) throw malformed(lexer.where(token.line), "a class or a function", "an indented line");
    lexer = ahead;
    if (token.named("class")) {
      read_class(lexer);
    } else if (token.named("def")) {
      functions_.push_back(read_definition(lexer, token, lexer.next()));
    } else if (token.named("import") || token.named("op_version_set")) {
      skip_line(lexer);  // files of torch 1.3 and before
    } else {
      throw malformed(lexer.where(token.line), "a class or a function", quoted(token.text));
    }
  }
  sort_unique(functions_, 0, "function");
  sort_unique(classes_, 0, "class");
}

template <typename T>
void CodeFile::sort_unique(std::vector<T>& list, std::size_t first, const char* what) const {
  const auto begin = list.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, list.end(), [](const T& a, const T& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(begin, list.end(), [](const T& a, const T& b) { return a.name == b.name; });
  if (twice != list.end()) {
    throw malformed(where_, std::string("each ") + what + " once", "two named " + printable(twice->name));
  }
}

void CodeFile::read_class(Lexer& lexer) {
  ClassCode code;
  const Token name = lexer.next();
  const Token open = lexer.next();
  code.name = name.text;
  bool right = name.kind == TokenKind::name && open.is(':');  // a scripted class
  if (!right) {
    Token base = lexer.next();
    for (; base.kind == TokenKind::name || base.is('.') || base.is(','); base = lexer.next()) {
    }
    right = name.kind == TokenKind::name && open.is('(') && base.is(')') && lexer.next().is(':');
  }
  if (!right) throw malformed(lexer.where(name.line), "class NAME: or class NAME(BASE):", "something else");
  code.first_declaration = static_cast<std::uint32_t>(declarations_.size());
  code.first_method = static_cast<std::uint32_t>(methods_.size());
  for (Lexer ahead = lexer;; ahead = lexer) {
    const Token token = next_on_line(ahead);
    if (token.kind == TokenKind::end || token.column == 0) break;
    lexer = ahead;
    if (token.named("pass")) continue;
    const Token second = lexer.next();
    if (token.named("def")) {
      methods_.push_back(read_definition(lexer, token, second));
    } else if (token.kind == TokenKind::name && second.is(':')) {
      read_declaration(lexer, token);
    } else if (token.named("__annotations__") && second.is('[')) {  // __annotations__["0"] = type
      const Token key = lexer.next();
      const bool plain = key.kind == TokenKind::text && key.text.find('\\') == std::string_view::npos;
      if (!plain || !lexer.next().is(']') || !lexer.next().is('=')) {
        throw malformed(lexer.where(token.line), "__annotations__[\"NAME\"] = TYPE", "something else");
      }
      Token quoted = key;
      quoted.text = key.text.substr(1, key.text.size() - 2);
      read_declaration(lexer, quoted);
    } else if (token.kind == TokenKind::name && second.is('=')) {
      skip_line(lexer);  // __parameters__, __buffers__, hooks, members of an enumeration
    } else {
      throw malformed(lexer.where(token.line), "an attribute or a method", quoted(token.text));
    }
  }
  sort_unique(declarations_, code.first_declaration, "attribute");
  sort_unique(methods_, code.first_method, "method");
  code.last_declaration = static_cast<std::uint32_t>(declarations_.size());
  code.last_method = static_cast<std::uint32_t>(methods_.size());
  classes_.push_back(code);
}

// The lexer stands behind the colon, or behind the "=" of an annotation.
void CodeFile::read_declaration(Lexer& lexer, Token name) {
  Token token = lexer.next();
  Declaration declaration;
  declaration.name = name.text;
  declaration.type = static_cast<std::uint32_t>(token.offset);
  declaration.line = token.line;
  for (; token.kind != TokenKind::newline && token.kind != TokenKind::end; token = lexer.next()) {
    declaration.constant = declaration.constant || token.is('=');
  }
  declarations_.push_back(declaration);
}

// Passes over the body: every line that is indented further than its "def".
Definition CodeFile::read_definition(Lexer& lexer, const Token& def, const Token& name) {
  if (name.kind != TokenKind::name) throw malformed(lexer.where(def.line), "def NAME(...)", "something else");
  Definition definition{name.text, static_cast<std::uint32_t>(def.offset - def.column), def.line, def.column};
  std::size_t at = name.offset;
  std::uint32_t line = name.line;
  while (true) {
    at = text_.find('\n', at);
    if (at == std::string_view::npos) {
      at = text_.size();
      break;
    }
    ++at;
    ++line;
    const std::size_t first = std::min(text_.find_first_not_of(" \r\t", at), text_.size());
    const bool blank = first == text_.size() || text_[first] == '\n' || text_[first] == '#';
    if (!blank && first - at <= def.column) break;
  }
  lexer = Lexer(text_, where_, at, line);
  return definition;
}

const ClassCode* CodeFile::find_class(std::string_view name) const {
  return search(classes_, 0, classes_.size(), name);
}

const Definition* CodeFile::find_function(std::string_view name) const {
  return search(functions_, 0, functions_.size(), name);
}

const Definition* CodeFile::find_method(const ClassCode& of, std::string_view name) const {
  return search(methods_, of.first_method, of.last_method, name);
}

const Declaration* CodeFile::find_declaration(const ClassCode& of, std::string_view name) const {
  return search(declarations_, of.first_declaration, of.last_declaration, name);
}

std::vector<const Definition*> CodeFile::methods(const ClassCode& of) const {
  std::vector<const Definition*> found;
  for (std::uint32_t i = of.first_method; i < of.last_method; ++i) found.push_back(&methods_[i]);
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  return found;
}

}  // namespace bertrt::graph::torchscript
