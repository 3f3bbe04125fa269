#include "graph/operators/pointwise.h"

namespace bertrt::graph {

Operands operands(Call& call, const Tensor& a, const Tensor& b, ElementType type, ElementType out) {
  Operands made{cast(call, a, type), cast(call, b, type),
                make_like(call, out, broadcast(a.sizes(), b.sizes()), {&a, &b}), false};
  made.known = all_known(made.out, made.x, made.y);
  return made;
}

Operands operands(Call& call, const Tensor& a, ElementType type, ElementType out) {
  Operands made{cast(call, a, type), Tensor(), make_like(call, out, a.sizes(), {&a}), false};
  made.known = all_known(made.out, made.x);
  return made;
}

Rows rows_of(const Tensor& out, const Tensor& in) {
  const Sizes strides = expanded_strides(in, out.sizes());
  const std::array<const Sizes*, 2> all{&out.strides(), &strides};
  return Rows(out.sizes(), all);
}

Rows rows_of(const Tensor& out, const Tensor& a, const Tensor& b) {
  const Sizes a_strides = expanded_strides(a, out.sizes());
  const Sizes b_strides = expanded_strides(b, out.sizes());
  const std::array<const Sizes*, 3> all{&out.strides(), &a_strides, &b_strides};
  return Rows(out.sizes(), all);
}

}  // namespace bertrt::graph
