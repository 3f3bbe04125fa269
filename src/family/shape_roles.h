#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "family/instance.h"

namespace bertrt::family {

/// What can be said of values of an encoder that was not recognized, by operators and shapes alone.
class ShapeRoles {
 public:
  explicit ShapeRoles(const Instance& instance);

  std::int64_t texts() const noexcept { return texts_; }    ///< of input_ids; 0: the model has none
  std::int64_t length() const noexcept { return length_; }  ///< their tokens

  /// A layer norm on a residual sum, or such a sum where norms stand in front; hidden tokens may have been set to 0.
  bool is_state(NodeId id);
  bool is_residual_norm(NodeId id) const;
  /// tanh of a square dense layer on the first token of such a norm.
  bool is_pooled(NodeId id) const;

  /// The node whose first token's rows [texts, width] are.
  std::optional<NodeId> first_token_of(const Ref& ref) const;

 private:
  bool is_residual_sum(NodeId id) const;
  bool is_sum_of_norms(NodeId id, std::size_t depth);
  bool adds_norms(NodeId id, std::size_t depth);

  const Instance& instance_;
  std::int64_t texts_ = 0;
  std::int64_t length_ = 0;
  std::map<NodeId, bool> sums_of_norms_;  ///< a value can be reached on many ways: each is asked once
};

}  // namespace bertrt::family
