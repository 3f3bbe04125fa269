#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"
#include "family/rotary_match.h"

namespace bertrt::family {

/// Queries, keys or values of attention, head by head: a dense layer's output.
struct AppliedHeads {
  /// [heads * size, hidden]; where `step` is more than size, from the first head's first row to the last one's last.
  /// A bias of heads * size values was added behind it, head by head.
  Dense dense;
  Ref input;              ///< what it reads
  std::size_t heads = 0;  ///< of its own; neighbouring heads of attention may share one
  std::size_t step = 0;   ///< from a head's first row of the dense layer to the next one's
  std::optional<AppliedRotary> rotary = {};
  std::optional<LayerNorm> norm = {};  ///< of the dense layer's rows, or of each head's
};

/// Finds them in one instance, for attention with heads of `size` values each.
class HeadsMatcher {
 public:
  HeadsMatcher(const Instance& instance, const Probe& probe, std::int64_t size)
      : instance_(instance),
        probe_(probe),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)),
        size_(size) {}

  /// @param ref     seen as [texts, heads, tokens, size], or, `turned`, as [texts, heads, size, tokens]. Heads may be
  ///                neighbouring columns of a larger dense layer, as fused projections are
  std::optional<AppliedHeads> plain(const Ref& ref, std::int64_t heads, bool turned) const;
  /// The same with factors of Python numbers in front of it, turned by positions, normed, with a bias by heads: in this
  /// order, seen from attention.
  /// @param scale  is multiplied with the factors
  std::optional<AppliedHeads> operand(Ref ref, std::int64_t heads, bool turned, double& scale) const;
  /// Of values: turned by positions or not, without factors.
  std::optional<AppliedHeads> values(const Ref& ref, std::int64_t heads) const;

 private:
  std::optional<Ref> unscaled(const Ref& ref, double& scale) const;
  std::optional<Ref> without_bias(const Ref& ref, std::int64_t heads, bool turned, std::optional<Weight>& bias) const;
  std::optional<Ref> before_norm(const Ref& ref, std::int64_t heads, bool turned, std::optional<LayerNorm>& norm) const;
  bool is_of_heads(const Ref& ref, std::int64_t heads, bool turned, NodeId node, std::int64_t own,
                   bool tokens_first) const;
  std::optional<AppliedRotary> before_rotary(const Ref& ref, std::int64_t heads, bool turned) const;
  graph::Sizes sizes(std::int64_t heads, bool turned) const;

  const Instance& instance_;
  const Probe& probe_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t size_;
};

/// x of x * c or x / c, c a Python number; `scale` takes the factor.
std::optional<Ref> scaled(const Node& node, double& scale);

}  // namespace bertrt::family
