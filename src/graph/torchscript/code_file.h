#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/torchscript/lexer.h"

namespace bertrt::graph::torchscript {

/// Where a method or function stands; its text is read when it is called.
struct Definition {
  std::string_view name;
  std::uint32_t offset = 0;  ///< of its line's start
  std::uint32_t line = 1;
  std::uint32_t column = 0;  ///< of "def"
};

/// An attribute that a class declares.
struct Declaration {
  std::string_view name;
  std::uint32_t type = 0;  ///< offset of the type's text
  std::uint32_t line = 1;
  bool constant = false;  ///< "x : Final[int] = 2": its value stands in the code
};

/// Ranges of CodeFile's lists, sorted by name.
struct ClassCode {
  std::string_view name;
  std::uint32_t first_declaration = 0, last_declaration = 0;
  std::uint32_t first_method = 0, last_method = 0;
};

/// What one entry of an archive's code declares. Bodies are passed over line by line, so that reading takes time and
/// memory linear in the text.
class CodeFile {
 public:
  /// `text` must outlive the object. @param where "model.pt: code/__torch__.py", for messages
  /// @throws Error invalid_format
  CodeFile(std::string_view text, std::string entry, std::string where);
  CodeFile(const CodeFile&) = delete;
  CodeFile& operator=(const CodeFile&) = delete;

  const std::string& entry() const noexcept { return entry_; }
  const std::string& where() const noexcept { return where_; }
  std::string_view text() const noexcept { return text_; }

  /// Null when there is none.
  const ClassCode* find_class(std::string_view name) const;
  const Definition* find_function(std::string_view name) const;
  const Definition* find_method(const ClassCode& of, std::string_view name) const;
  const Declaration* find_declaration(const ClassCode& of, std::string_view name) const;
  const Declaration& declaration(std::uint32_t index) const { return declarations_[index]; }
  /// In the text's order.
  std::vector<const Definition*> methods(const ClassCode& of) const;

  /// A lexer at a definition's line, or right at a declaration's type.
  Lexer at(const Definition& definition) const { return {text_, where_, definition.offset, definition.line}; }
  Lexer at(const Declaration& declaration) const { return {text_, where_, declaration.type, declaration.line}; }

 private:
  void read_class(Lexer& lexer);
  void read_declaration(Lexer& lexer, Token name);
  Definition read_definition(Lexer& lexer, const Token& def, const Token& name);
  template <typename T>
  void sort_unique(std::vector<T>& list, std::size_t first, const char* what) const;

  std::string_view text_;
  std::string entry_;
  std::string where_;
  std::vector<ClassCode> classes_;
  std::vector<Declaration> declarations_;
  std::vector<Definition> methods_;
  std::vector<Definition> functions_;
};

}  // namespace bertrt::graph::torchscript
