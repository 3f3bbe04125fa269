#pragma once

#include <initializer_list>

#include "graph/call.h"
#include "graph/operators/loops.h"
#include "graph/tensor.h"

namespace bertrt::graph {

// ---- types

/// ATen's promotion: tensors with axes first, then those without, then Python's numbers.
ElementType promote(std::initializer_list<const Tensor*> tensors);
/// Two types without regard to shapes.
ElementType promote_types(ElementType a, ElementType b);
/// What an in-place operator may write into what.
bool can_cast(ElementType from, ElementType to) noexcept;
/// The type that arithmetic is done in: float32, float64 or int64 (which wraps to narrower ones as they do themselves).
ElementType wide(ElementType type) noexcept;
/// Integers and bool become float32.
ElementType floating(ElementType type) noexcept;

// ---- shapes

/// Strides of a view of `tensor` with these sizes, 0 where an axis is repeated. @throws Error runtime
Sizes expanded_strides(const Tensor& tensor, const Sizes& sizes);
Sizes broadcast(const Sizes& a, const Sizes& b);
Tensor expand(const Tensor& tensor, const Sizes& sizes);
Tensor transposed(const Tensor& tensor, std::int64_t a, std::int64_t b);
Tensor permuted(const Tensor& tensor, const Sizes& order);
/// One index of an axis; the axis is gone.
Tensor selected(const Tensor& tensor, std::int64_t axis, std::int64_t index);
/// `count` indices of an axis from `start` on.
Tensor narrowed(const Tensor& tensor, std::int64_t axis, std::int64_t start, std::int64_t count);
/// The tensors one behind the other along `axis`, in new memory, as `type`.
Tensor joined(Call& call, const std::vector<Tensor>& all, std::int64_t axis, ElementType type);
/// What tensors that are joined are promoted to. @throws Error for none
ElementType common_type(const Call& call, const std::vector<Tensor>& all);
Tensor unsqueezed(const Tensor& tensor, std::int64_t axis);
/// The strides under which a tensor's memory has these sizes, if there are any.
std::optional<Sizes> view_strides(const Tensor& tensor, const Sizes& sizes);

// ---- values

/// Copies in logical order, converting; both of one shape and known, target owned.
void copy_values(const Tensor& target, const Tensor& source);
/// The tensor itself when it has this type already.
Tensor cast(Call& call, const Tensor& tensor, ElementType type);
/// The tensor itself when it is row-major.
Tensor contiguous(Call& call, const Tensor& tensor);
/// Always a new row-major tensor.
Tensor copied(Call& call, const Tensor& tensor);
/// A view where one exists, else a copy; -1 for one size is worked out.
Tensor reshaped(Call& call, const Tensor& tensor, Sizes sizes);
/// -1 worked out from the number of elements. @throws Error runtime
Sizes inferred(const Call& call, Sizes sizes, std::int64_t elements);
/// A new tensor whose axes lie in memory in the order that ATen's element-wise operators choose for these operands.
Tensor make_like(Call& call, ElementType type, const Sizes& sizes, std::initializer_list<const Tensor*> operands);
/// A new tensor with the strides of a permutation of row-major ones, if `like` is one, else row-major.
Tensor empty_like(Call& call, ElementType type, const Tensor& like);
void fill(const Tensor& tensor, const Value& number);

}  // namespace bertrt::graph
