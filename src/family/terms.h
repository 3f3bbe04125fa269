#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "family/encoder_spec.h"
#include "family/instance.h"

namespace bertrt::family {

/// A Python number, or the one element of a known tensor that depends on no input.
std::optional<double> number(const graph::Value& value);
std::optional<bool> boolean(const graph::Value& value);
/// A text argument; empty for none and for a missing one.
std::string_view text(const std::vector<graph::Value>& arguments, std::size_t index);

/// The stored tensor that `ref` is a view of, as that view; copies in another layout are looked through.
std::optional<Weight> weight(const Instance& instance, const Ref& ref);

/// y = x weightᵀ + bias, in any of the ways to write it.
struct AppliedDense {
  Dense dense;
  Ref input;
};
std::optional<AppliedDense> find_dense(const Instance& instance, NodeId node);

/// A layer norm over the last axis, with its input.
struct AppliedNorm {
  LayerNorm norm;
  Ref input;
};
/// As one operator, or written out: (x - mean) / sqrt(mean of squares + eps) * gamma + beta.
std::optional<AppliedNorm> find_norm(const Instance& instance, NodeId node);
/// Whether it is worth asking.
bool may_be_norm(const Node& node);

/// a + b + … as a flat list; one term for what is no sum.
std::vector<Ref> terms(const Instance& instance, const Ref& sum);

/// `ref` seen as the larger `sizes` by ATen's broadcasting; nothing where it does not fit.
std::optional<Ref> broadcast(const Ref& ref, const graph::Sizes& sizes);

}  // namespace bertrt::family
