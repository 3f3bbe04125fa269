#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/evaluate.h"
#include "graph/program.h"

namespace bertrt::family {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xFFFFFFFF;

/// A tensor as an argument of a node saw it: the view, and who wrote the bytes that it views.
struct Ref {
  graph::Tensor tensor;
  NodeId producer = kNoNode;  ///< kNoNode: a constant, an input, or a value of shapes alone
};

/// One call of an operator that made new bytes, or wrote some in place. Views are no nodes: they are in the Refs.
struct Node {
  std::size_t instruction = 0;
  std::string_view name;  ///< "aten::linear"; in-place forms without their underscore
  std::vector<graph::Value> arguments;
  std::vector<Ref> refs;   ///< by argument; without a tensor where the argument is none
  std::vector<Ref> items;  ///< the tensors of its arguments that are lists (cat), in order
  Ref result;
  bool partial = false;  ///< wrote only a part of its storage
  bool copy = false;     ///< its result has the values of its first argument in the same logical order
};

/// Where an element of a view comes from.
struct Element {
  NodeId producer = kNoNode;
  const graph::Storage* storage = nullptr;
  std::int64_t index = 0;  ///< of a node's: in its result's logical order; else in the storage
};

/// One evaluation of a program for given inputs, shapes and small integer values only, seen as a functional graph:
/// in-place operators are new versions, views are index maps, copies are looked through.
class Instance {
 public:
  /// @throws Error what evaluate throws
  Instance(const graph::Program& program, std::vector<graph::Value> inputs);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const graph::Program& program() const noexcept { return program_; }
  const std::vector<Node>& nodes() const noexcept { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  const std::vector<graph::Value>& inputs() const noexcept { return inputs_; }
  /// The method's outputs, flattened.
  const std::vector<std::pair<graph::OutputPath, Ref>>& outputs() const noexcept { return outputs_; }
  /// The constant that a storage belongs to; null: none.
  const graph::Constant* constant(const graph::Storage* storage) const;

  /// Where an element comes from, copies looked through; nowhere (index -1) in a view without elements.
  /// @param index  in the view's logical order, below its elements
  Element element(const Ref& ref, std::int64_t index) const;
  /// The same of the element at `coordinates` of the view seen as `sizes`, which has as many elements.
  Element element(const Ref& ref, const graph::Sizes& sizes, const graph::Sizes& coordinates) const;
  /// Where its first element comes from.
  Element first(const Ref& ref) const { return element(ref, 0); }

  /// The storage of an input or a constant whose values these are, as they are or cast; null: they are made.
  const graph::Storage* source(const Ref& ref) const;

  /// The node that `ref` is, if it is that node's whole result in its logical order, reshaped at most so that the last
  /// axis stays: kNoNode otherwise.
  NodeId whole(const Ref& ref) const;

  /// Whether the element at each coordinate (first, second, middle and last of each axis: what is made of views and
  /// row-major copies of them cannot differ between those alone) of `ref` seen as `sizes` is the one that `expected`
  /// says. `ref` is of as many elements as `sizes`.
  using Expected = std::function<Element(const std::vector<std::int64_t>& coordinates)>;
  bool maps(const Ref& ref, const graph::Sizes& sizes, const Expected& expected) const;

 private:
  void observe(const graph::Event& event);
  Ref reference(const graph::Tensor& tensor) const;

  const graph::Program& program_;
  std::vector<graph::Value> inputs_;
  std::vector<Node> nodes_;
  std::vector<graph::Value> kept_;  // so that no storage's address is used twice
  std::map<const graph::Storage*, NodeId> producer_;
  std::map<const graph::Storage*, const graph::Constant*> constants_;
  std::vector<std::pair<graph::OutputPath, Ref>> outputs_;
};

}  // namespace bertrt::family
