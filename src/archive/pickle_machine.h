#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/pickle.h"
#include "bertrt/error.h"

namespace bertrt::archive {

/// The stack machine that fills a Pickle. Used by Pickle's constructor alone.
class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, std::span<const std::byte> bytes, const std::string& where, PickleWriter writer)
      : pickle_(pickle), bytes_(bytes), where_(where), writer_(writer) {}

  /// @return the id of the pickle's value
  std::uint32_t run();
  /// Behind the last byte that was read.
  std::size_t position() const noexcept { return position_; }

 private:
  using Id = std::uint32_t;
  using Node = Pickle::Node;

  Error bad(std::string expected, std::string found) const;
  template <typename T>
  T read();
  void step(std::uint8_t opcode);

  Id add(Node node);
  void push(Node node) { stack_.push_back(add(node)); }
  void push_range(PickleKind kind, std::size_t first, std::size_t count);
  Id pop();
  Id top() const;
  std::size_t pop_mark();
  void need(std::size_t count) const;

  void push_text(std::size_t size);
  void push_long();
  void push_float();
  void push_global();
  void collect(PickleKind kind, std::size_t count);
  void append(std::size_t from, PickleKind kind);
  void remember(std::size_t index);
  void recall(std::size_t index);
  void make_object();
  void build();
  void reduce();
  Id argument(Id tuple, std::size_t index) const;
  Node& node(Id id) { return pickle_.nodes_[id]; }
  const Node& node(Id id) const { return pickle_.nodes_[id]; }
  std::string_view range(const Node& text) const;

  Pickle& pickle_;
  std::span<const std::byte> bytes_;
  const std::string& where_;
  PickleWriter writer_;
  std::size_t position_ = 0;  // of the next byte
  std::size_t opcode_at_ = 0;
  std::uint8_t opcode_ = 0;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;  // stack heights
  std::vector<Id> memo_;
};

}  // namespace bertrt::archive
