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

/// A stored matrix of integers and a stored scale [rows, 1] for each of its rows, as one weight.
std::optional<Weight> scaled_integers(const Instance& instance, const Ref& integers, const Ref& scales);

/// y = x weightᵀ + bias, in any of the ways to write it.
struct AppliedDense {
  Dense dense;
  Ref input;
};
std::optional<AppliedDense> find_dense(const Instance& instance, NodeId node);
/// What a dense layer reads; of quantized ones too, which are no AppliedDense: they round it first.
std::optional<Ref> input_of_dense(const Instance& instance, NodeId node);

/// The dense layer whose result `ref` is, or neighbouring columns of it for every row, in the rows' order (a part of
/// several layers that were made one).
std::optional<AppliedDense> find_dense_columns(const Instance& instance, const Ref& ref);
/// Makes it the layer of `count` of its outputs, from output `from` on.
void take_rows(Dense& dense, std::int64_t from, std::int64_t count);

/// A stored vector of `size` values, whatever axes of 1 stand in front of it.
std::optional<Weight> vector_of(const Instance& instance, const Ref& ref, std::int64_t size);

/// The node that `ref` is all of, where it is of this name; null else.
const Node* whole_node(const Instance& instance, const Ref& ref, std::string_view name);
/// Whether an argument names the last axis of `of`.
bool over_last_axis(const graph::Value& axis, const Ref& of);
/// One view of the same memory, an input's as well.
bool is_same_view(const Ref& a, const Ref& b);
/// The same elements of the same results, in the same order.
bool same_values(const Instance& instance, const Ref& a, const Ref& b);

/// a + b + … as a flat list; one term for what is no sum.
std::vector<Ref> terms(const Instance& instance, const Ref& sum);

/// `ref` seen as the larger `sizes` by ATen's broadcasting; nothing where it does not fit.
std::optional<Ref> broadcast(const Ref& ref, const graph::Sizes& sizes);

}  // namespace bertrt::family
