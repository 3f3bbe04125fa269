#include "graph/operators/common.h"

namespace bertrt::graph {

Tensor joined(Call& c, const std::vector<Tensor>& all, std::int64_t axis, ElementType type) {
  // Tensors of the shape [0] are left out, whatever the others are.
  std::vector<Tensor> parts;
  for (const Tensor& one : all) {
    if (one.sizes() != Sizes{0}) parts.push_back(one);
  }
  if (parts.empty()) return c.make(type, {0});
  Sizes sizes = parts[0].sizes();
  if (sizes.empty()) c.fail("tensors with axes", "one without");
  axis = c.wrap_axis(axis, parts[0].rank());
  const auto at = static_cast<std::size_t>(axis);
  sizes[at] = 0;
  for (const Tensor& one : parts) {
    Sizes expected = sizes;
    if (one.rank() == parts[0].rank()) expected[at] = one.size(axis);
    if (one.sizes() != expected) {
      c.fail("shapes that differ in axis " + std::to_string(axis) + " alone",
             to_string(parts[0].sizes()) + " and " + to_string(one.sizes()));
    }
    sizes[at] += one.size(axis);
  }
  Tensor out = c.make(type, sizes);
  std::int64_t start = 0;
  for (const Tensor& one : parts) {
    const Tensor place = narrowed(out, axis, start, one.size(axis));
    if (all_known(out, one)) copy_values(place, one);
    start += one.size(axis);
  }
  return out;
}

ElementType common_type(const Call& c, const std::vector<Tensor>& all) {
  if (all.empty()) c.fail("at least one tensor", "none");
  ElementType type = all[0].type();
  std::vector<ElementType> with_axes;
  std::vector<ElementType> without;
  for (const Tensor& one : all) (one.rank() == 0 ? without : with_axes).push_back(one.type());
  // All of one kind here: 0-d tensors are refused before, or all are.
  type = with_axes.empty() ? without[0] : with_axes[0];
  for (const ElementType other : with_axes.empty() ? without : with_axes) type = promote_types(type, other);
  return type;
}

}  // namespace bertrt::graph
