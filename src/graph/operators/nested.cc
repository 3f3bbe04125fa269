#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/composites.h"
#include "graph/operators/indexing.h"
#include "graph/operators/table.h"

// torch.nn.TransformerEncoder in eval mode leaves masked tokens out by nested tensors. Of texts that are equally long a
// nested tensor is a common one, and no other is made here.
namespace bertrt::graph {
namespace {

void nested_from_mask(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& mask = c.tensor(1);
  if (a.rank() != 3 || mask.rank() != 2 || mask.type() != ElementType::boolean || mask.size(0) != a.size(0) ||
      mask.size(1) != a.size(1)) {
    c.fail("[texts, tokens, width] and a mask of bools for the tokens",
           to_string(a.sizes()) + " and " + describe(c.argument(1)));
  }
  if (!mask.known() || a.size(0) == 0) c.refuse("a mask whose values are known", describe(c.argument(1)));
  c.reads_values();
  const Sizes seen = to_integers(mask);
  const std::int64_t tokens = mask.size(1);
  const std::int64_t own = std::count(seen.begin(), seen.begin() + tokens, 1);
  for (std::int64_t i = 0; i < mask.elements(); ++i) {
    if (seen[static_cast<std::size_t>(i)] == (i % tokens < own ? 1 : 0)) continue;
    c.refuse("texts of one length, with nothing hidden but what stands behind them", "another mask");
  }
  c.give(narrowed(a, 1, 0, own));
}

void to_padded_tensor(Call& c) {
  const Tensor& a = c.tensor(0);
  if (!c.has(2)) return c.give(a);
  const Sizes wanted = c.integers(2);
  std::vector<Value> pads;
  for (std::int64_t axis = a.rank() - 1; axis >= 0; --axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (wanted.size() != a.sizes().size() || wanted[at] < a.size(axis)) {
      c.fail("sizes that the tensor fits in", to_string(wanted) + " for " + to_string(a.sizes()));
    }
    pads.emplace_back(std::int64_t{0});
    pads.emplace_back(wanted[at] - a.size(axis));
  }
  c.give(made_by(c, "aten::constant_pad_nd", {Value(a), Value::list(std::move(pads)), c.argument(1)}));
}

}  // namespace

void add_nested(Table& t) {
  t.add("aten::_nested_tensor_from_mask",
        {{"_nested_tensor_from_mask(Tensor t, Tensor mask, bool mask_check=True) -> Tensor", nested_from_mask}});
  t.add("aten::to_padded_tensor",
        {{"to_padded_tensor(Tensor self, float padding, int[]? output_size=None) -> Tensor", to_padded_tensor}});
}

}  // namespace bertrt::graph
