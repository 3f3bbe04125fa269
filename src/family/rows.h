#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "family/encoder_match.h"
#include "family/instance.h"
#include "family/shape_roles.h"

namespace bertrt::family {

/// What the rows of a tensor belong to.
enum class Rows { unknown, tokens, texts };

/// Follows what a head reads back to an encoder's states: maps, norms and activations of rows, sums, maxima and means
/// over tokens, states side by side, recurrent layers.
class RowFinder {
 public:
  /// @param encoder  the recognized one; null: states are told by their shape. All must outlive the object.
  RowFinder(const Instance& instance, ShapeRoles& shapes, const MatchedEncoder* encoder)
      : instance_(instance), shapes_(shapes), encoder_(encoder) {}

  Rows of(const Ref& ref, std::size_t depth = 0);

  /// Whether a fold goes over the tokens of [texts, tokens, width] alone.
  static bool over_tokens(const Node& node);

 private:
  static constexpr std::size_t kMaxDepth = 64;

  Rows rows_of_node(NodeId id, std::size_t depth);
  Rows rows_side_by_side(const Node& node, std::size_t depth);
  Rows rows_of_two(const Node& node, std::size_t depth);
  Rows rows_of_first_token(const Ref& ref, std::size_t depth);
  bool of_recurrent(const Ref& ref, std::size_t depth);

  const Instance& instance_;
  ShapeRoles& shapes_;
  const MatchedEncoder* encoder_;
  std::map<NodeId, Rows> rows_;
  const std::int64_t texts_ = shapes_.texts();
  const std::int64_t length_ = shapes_.length();
};

}  // namespace bertrt::family
