#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/code_text.h"

namespace bertrt::model {

/// A character outside of ASCII's letters, signs, spaces and line ends, or one that continues a line: libtorch's lexer
/// and ours may take it differently.
struct StrangeCharacter {
  std::uint32_t line = 1;
  std::string what;
};
std::optional<StrangeCharacter> find_strange_character(std::string_view code);

/// One statement of TorchScript's code against the kinds that safety.h allows.
class StatementCheck {
 public:
  /// Told of each thing: its line, its name, why, and whether it is refused or a warning.
  using Report = std::function<void(std::uint32_t, std::string_view, std::string_view, bool)>;

  StatementCheck(std::span<const CodeToken> tokens, const Report& report) : tokens_(tokens), report_(report) {}

  void run();

 private:
  std::string_view text(std::size_t index) const {
    return index < tokens_.size() ? tokens_[index].text : std::string_view();
  }
  bool is(std::size_t index, std::string_view wanted) const { return text(index) == wanted; }
  bool is_name(std::size_t index) const { return index < tokens_.size() && tokens_[index].kind == TokenKind::name; }
  bool behind_dot(std::size_t index) const { return index > 0 && tokens_[index - 1].text.ends_with('.'); }
  void refuse(std::size_t at, std::string_view name, std::string_view why) const;

  void check_head();
  void check_loop();
  void check_targets();
  void check_token(std::size_t at);
  void check_symbol(std::size_t at);
  void check_name(std::size_t at);
  void check_namespace(std::size_t at);
  void check_call(std::size_t open);
  void check_named_call(std::size_t at);
  void check_member_call(std::size_t at);
  void check_operator(std::size_t at, std::string_view space, std::size_t name_at);
  void check_getattr(std::size_t open);
  bool divisor_is_literal(std::size_t open);
  std::size_t end_of_brackets(std::size_t open);

  std::span<const CodeToken> tokens_;
  const Report& report_;
  std::size_t depth_ = 0;            // of brackets, while tokens are looked at
  std::vector<std::uint32_t> ends_;  // of brackets, by where they open; empty: not needed so far
};

}  // namespace bertrt::model
