#include "family/relative_bias_match.h"

#include <cstddef>
#include <cstdlib>
#include <utility>
#include <vector>

#include "family/ids_use.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

// Which row of the table stands for each distance. @param rows  [length, length]
bool read_distances(const std::vector<std::int64_t>& rows, std::int64_t length, RelativeBiasSpec& bias) {
  bias.rows.resize(static_cast<std::size_t>(2 * length - 1));
  for (std::int64_t distance = 1 - length; distance < length; ++distance) {
    const std::int64_t first = distance < 0 ? -distance * length : distance;
    const std::int64_t row = rows[static_cast<std::size_t>(first)];
    for (std::int64_t i = 0; i < length - std::abs(distance); ++i) {
      if (rows[static_cast<std::size_t>(first + i * (length + 1))] != row) return false;
    }
    bias.rows[static_cast<std::size_t>(distance + length - 1)] = static_cast<std::int32_t>(row);
  }
  return true;
}

}  // namespace

std::optional<RelativeBiasSpec> find_relative_bias(const Instance& instance, const Probe& probe, const Ref& term,
                                                   std::int64_t heads, std::string& why) {
  const auto fail = [&](const char* reason) {
    why = reason;
    return std::nullopt;
  };
  const auto length = static_cast<std::int64_t>(probe.length);
  const Sizes sizes = {static_cast<std::int64_t>(probe.texts), heads, length, length};
  const auto wide = term.tensor.rank() == 3 ? std::nullopt : broadcast(term, sizes);
  if (!wide) return fail("a bias of another shape");
  const Element first = instance.first(*wide);
  if (first.producer == kNoNode || instance.node(first.producer).name != "aten::embedding") {
    return fail("a bias of scores that is no table of distances");
  }
  const Node& lookup = instance.node(first.producer);
  auto table = weight(instance, lookup.refs[0]);
  const graph::Tensor& buckets = lookup.refs[1].tensor;
  if (!table || table->tensor.shape.size() != 2 || table->tensor.shape[1] != heads || !buckets.known() ||
      buckets.elements() != length * length || !ids_use(instance, lookup.refs[1]).none()) {
    return fail("a table of biases of another shape");
  }
  const bool same = instance.maps(*wide, sizes, [&](const Sizes& at) {
    return Element{first.producer, nullptr, (at[2] * length + at[3]) * heads + at[1]};
  });
  if (!same) return fail("biases in another order");
  RelativeBiasSpec bias;
  bias.table = std::move(*table);
  if (!read_distances(graph::to_integers(buckets), length, bias)) {
    return fail("buckets that depend on more than the distance");
  }
  return bias;
}

}  // namespace bertrt::family
