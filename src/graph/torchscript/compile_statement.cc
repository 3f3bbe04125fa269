#include <algorithm>
#include <array>

#include "base/input_names.h"
#include "graph/torchscript/compiler.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {

// The lines that are indented further than `column`, from the line's end in front of them on.
void Compiler::body(Frame& frame, std::uint32_t column) {
  const Nested nested(*this, frame);
  if (frame.token.kind != TokenKind::newline) throw unexpected(frame, "the line's end");
  advance(frame);
  const std::uint32_t own = frame.token.column;
  if (frame.token.kind == TokenKind::end || own <= column) throw unexpected(frame, "an indented line");
  while (frame.token.kind != TokenKind::end && frame.token.column > column) {
    if (frame.token.column != own) throw unexpected(frame, "a line that is indented as the one before");
    if (frame.returned) return skip_body(frame, column);
    statement(frame);
  }
}

// To the first line that is indented no further than `column`.
void Compiler::skip_body(Frame& frame, std::uint32_t column) {
  bool line_starts = false;
  while (frame.token.kind != TokenKind::end && !(line_starts && frame.token.column <= column)) {
    line_starts = frame.token.kind == TokenKind::newline;
    advance(frame);
  }
}

void Compiler::statement(Frame& frame) {
  static constexpr std::array<std::string_view, 15> kOthers = {"for",      "while",  "def",    "class", "try",
                                                               "raise",    "assert", "global", "del",   "elif",
                                                               "continue", "import", "break",  "else",  "lambda"};
  const Token first = frame.token;
  if (first.named("if")) return branch(frame);
  if (first.named("with")) return with(frame);
  if (first.kind == TokenKind::name && std::find(kOthers.begin(), kOthers.end(), first.text) != kOthers.end()) {
    throw not_graphable(where(frame), "a statement " + quoted(first.text));
  }
  if (first.named("pass")) {
    advance(frame);
  } else if (first.named("return")) {
    if (frame.changes != nullptr) throw not_graphable(where(frame), "a return inside of a branch");
    advance(frame);
    frame.result = frame.token.kind == TokenKind::newline ? bound(builder_.none()) : expression(frame);
    frame.returned = true;
  } else {
    assign(frame);
  }
  if (frame.token.kind != TokenKind::newline) throw unexpected(frame, "the line's end");
  advance(frame);
}

// "with torch.no_grad():", whose lines are as good as those around them.
void Compiler::with(Frame& frame) {
  const std::uint32_t column = frame.token.column;
  advance(frame);
  const Bound context = expression(frame);
  if (context.kind != Bound::Kind::no_grad) throw not_graphable(where(frame), "a statement \"with\"");
  expect(frame, ':');
  body(frame, column);
}

// "a = …", "a, b, = …", "a, b = c, d" (of a branch), or an expression for what it does.
void Compiler::assign(Frame& frame) {
  Lexer ahead = frame.lexer;
  const Token second = ahead.next();
  if (frame.token.kind != TokenKind::name || !(second.is('=') || second.is(','))) {
    expression(frame);
    if (frame.token.is('=')) throw not_graphable(where(frame), "keeps state (an attribute or an item is written)");
    return;
  }
  if (second.is('=')) {
    const std::string_view name = take_name(frame);
    advance(frame);
    set(frame, name, expression(frame));
    return;
  }
  std::vector<std::string_view> targets;
  while (!frame.token.is('=')) {
    targets.push_back(take_name(frame));
    if (!frame.token.is('=')) expect(frame, ',');
  }
  const Place at = place(frame);
  advance(frame);
  const Bound value = expression(frame);
  if (frame.token.is(',')) {
    std::vector<Bound> values = {value};
    while (frame.token.is(',')) {
      advance(frame);
      values.push_back(expression(frame));
    }
    if (values.size() != targets.size()) {
      throw malformed(where(frame), std::to_string(targets.size()) + " values", std::to_string(values.size()));
    }
    for (std::size_t i = 0; i < targets.size(); ++i) set(frame, targets[i], values[i]);
    return;
  }
  if (value.kind == Bound::Kind::inputs && !input_groups_[value.index].keyed) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      set(frame, targets[i], bound(input_of(value.index, std::to_string(i), base::standard_input_name(targets[i]))));
    }
    return;
  }
  const Slot container = slot(frame, value);
  const std::vector<Slot> slots = builder_.unpack(container, targets.size(), at, frame.lexer.where(at.line));
  for (std::size_t i = 0; i < targets.size(); ++i) set(frame, targets[i], bound(slots[i]));
}

void Compiler::set(Frame& frame, std::string_view name, Bound value) {
  const auto found = frame.names.find(name);
  if (frame.changes != nullptr) {
    frame.changes->push_back({name, found == frame.names.end() ? std::nullopt : std::optional(found->second)});
  }
  frame.names[name] = value;
}

void Compiler::branch(Frame& frame) {
  const Place at = place(frame);
  const std::uint32_t column = frame.token.column;
  advance(frame);
  const Slot condition = slot(frame, expression(frame));
  expect(frame, ':');
  const auto has_else = [&] {
    if (!frame.token.named("else") || frame.token.column != column) return false;
    advance(frame);
    expect(frame, ':');
    return true;
  };
  const Value* known = builder_.value(condition);
  if (const bool* flag = known == nullptr ? nullptr : std::get_if<bool>(&known->data)) {
    const bool yes = *flag;
    yes ? body(frame, column) : skip_body(frame, column);
    if (has_else()) yes ? skip_body(frame, column) : body(frame, column);
    return;
  }
  const std::string here = frame.lexer.where(at.line);
  const std::size_t to_else = builder_.skip_unless(condition, at, here);
  const Way yes = way(frame, column);
  const std::size_t end_of_yes = builder_.skip(at, here);
  builder_.land(to_else);
  Way no;
  if (has_else()) no = way(frame, column);
  merge(frame, yes, no, end_of_yes, at);
}

// Reads one side of a branch; the frame's names are afterwards what they were before.
Compiler::Way Compiler::way(Frame& frame, std::uint32_t column) {
  std::vector<Change> changes;
  std::vector<Change>* const outer = std::exchange(frame.changes, &changes);
  const bool raised = std::exchange(frame.raised, false);
  body(frame, column);
  Way result;
  for (const Change& change : changes) result.names[change.name] = frame.names.at(change.name);
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->before) {
      frame.names[change->name] = *change->before;
    } else {
      frame.names.erase(change->name);
    }
  }
  result.raised = std::exchange(frame.raised, raised);
  frame.changes = outer;
  return result;
}

// Names that differ get one slot that both ways write. Comes right behind the "no" side; `end_of_yes` is the jump at
// the "yes" side's end.
void Compiler::merge(Frame& frame, const Way& yes, const Way& no, std::size_t end_of_yes, Place at) {
  struct Move {
    Slot to, yes, no;
  };
  const std::string here = frame.lexer.where(at.line);
  std::vector<Move> moves;
  std::map<std::string_view, Bound> both = yes.names;
  both.insert(no.names.begin(), no.names.end());
  for (const auto& [name, any] : both) {
    const auto after = [&, key = name](const Way& side) -> std::optional<Bound> {
      const auto changed = side.names.find(key);
      if (changed != side.names.end()) return changed->second;
      const auto before = frame.names.find(key);
      return before == frame.names.end() ? std::nullopt : std::optional(before->second);
    };
    const std::optional<Bound> one = after(yes);
    const std::optional<Bound> other = after(no);
    if (yes.raised || no.raised) {  // only the other way goes on
      const std::optional<Bound>& left = yes.raised ? other : one;
      if (left) set(frame, name, *left);
    } else if (!one || !other) {
      set(frame, name, {Bound::Kind::uninitialized, 0});
    } else if (*one == *other) {
      set(frame, name, *one);
    } else if (one->kind == Bound::Kind::uninitialized || other->kind == Bound::Kind::uninitialized) {
      set(frame, name, {Bound::Kind::uninitialized, 0});
    } else if (one->kind != Bound::Kind::slot || other->kind != Bound::Kind::slot) {
      set(frame, name, {Bound::Kind::undecided, 0});
    } else {
      moves.push_back({builder_.new_slot(), one->index, other->index});
      set(frame, name, bound(moves.back().to));
    }
  }
  for (const Move& move : moves) builder_.move(move.to, move.no, at, here);
  if (moves.empty()) {
    builder_.land(end_of_yes);
  } else {
    const std::size_t end_of_no = builder_.skip(at, here);
    builder_.land(end_of_yes);
    for (const Move& move : moves) builder_.move(move.to, move.yes, at, here);
    builder_.land(end_of_no);
  }
  frame.raised = frame.raised || (yes.raised && no.raised);
}

}  // namespace bertrt::graph::torchscript
