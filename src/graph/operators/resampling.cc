#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// How the last axis is stretched: its new length, and the step in the old one that a step in the new one is.
struct Stretch {
  std::int64_t length = 0;
  std::optional<double> factor;  ///< that the caller named

  template <typename T>
  T step(std::int64_t from) const {
    return factor && *factor > 0 ? static_cast<T>(1.0 / *factor) : static_cast<T>(from) / static_cast<T>(length);
  }
};

/// (input, output size or none, …, factors or none): a list of sizes or of factors decides; "1d" alone.
Stretch stretch_of(const Call& c, std::size_t sizes, std::size_t factors) {
  const Tensor& a = c.tensor(0);
  if (a.rank() != 3) c.fail("an input of three axes", to_string(a.sizes()));
  if (!is_floating(a.type())) c.refuse("a floating tensor", std::string(archive::to_string(a.type())));
  Stretch stretch;
  if (c.has(factors)) {
    const Value& given = c.argument(factors);
    const List* list = given.list();
    if (list != nullptr && list->items.size() != 1) c.fail("one factor", describe(given));
    const Value& one = list != nullptr ? list->items[0] : given;
    stretch.factor = one.real() != nullptr      ? *one.real()
                     : one.integer() != nullptr ? static_cast<double>(*one.integer())
                                                : -1;
    if (!(*stretch.factor > 0)) c.fail("a factor above 0", describe(one));
  }
  if (c.has(sizes)) {
    const Sizes given = c.integers(sizes);
    if (given.size() != 1) c.fail("one size", to_string(given));
    stretch.length = given[0];
  } else if (stretch.factor) {
    const double length = std::floor(static_cast<double>(a.size(2)) * *stretch.factor);
    if (!(length < 1e9)) c.fail("an output within 10^9 places", std::to_string(length));
    stretch.length = static_cast<std::int64_t>(length);
  } else {
    c.fail("a size or a factor", "neither");
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (stretch.length < 1 || stretch.length > kMost || a.size(2) < 1) {
    c.fail("an axis and an output with places", to_string(a.sizes()) + " to " + std::to_string(stretch.length));
  }
  return stretch;
}

/// value(row, place) for each place of the stretched axis.
template <typename F>
void stretched(Call& c, const Stretch& stretch, F value) {
  const Tensor x = contiguous(c, c.tensor(0));
  Tensor out = c.make(x.type(), {x.size(0), x.size(1), stretch.length});
  if (!all_known(out, x)) return c.give(out);
  const auto fill_rows = [&]<typename T>() {
    T* to = out.mutable_data<T>();
    const std::int64_t length = x.size(2);
    for (const T* row = x.data<T>(); row != x.data<T>() + x.elements(); row += length) {
      for (std::int64_t i = 0; i < stretch.length; ++i) *to++ = value(row, length, i);
    }
  };
  x.type() == ElementType::float64 ? fill_rows.template operator()<double>() : fill_rows.template operator()<float>();
  c.give(out);
}

void nearest(Call& c, const Stretch& stretch) {
  stretched(c, stretch, [&](const auto* row, std::int64_t length, std::int64_t i) {
    const float at = std::floor(static_cast<float>(i) * stretch.step<float>(length));
    return row[std::min(static_cast<std::int64_t>(at), length - 1)];
  });
}
void linear(Call& c, const Stretch& stretch, bool corners) {
  stretched(c, stretch, [&](const auto* row, std::int64_t length, std::int64_t i) {
    using T = std::remove_cvref_t<decltype(*row)>;
    // Outer places stand on outer places, or a place is the middle of its share.
    const T step = !corners             ? stretch.step<T>(length)
                   : stretch.length > 1 ? static_cast<T>(length - 1) / static_cast<T>(stretch.length - 1)
                                        : T{0};
    const T at = corners ? step * static_cast<T>(i) : std::max(step * (static_cast<T>(i) + T{0.5}) - T{0.5}, T{0});
    const std::int64_t low = std::min(static_cast<std::int64_t>(at), length - 1);
    const std::int64_t high = std::min(low + 1, length - 1);
    const T share = std::clamp(at - static_cast<T>(low), T{0}, T{1});
    return (1 - share) * row[low] + share * row[high];
  });
}

void upsample_nearest(Call& c) { nearest(c, stretch_of(c, 1, 2)); }
void upsample_linear(Call& c) { linear(c, stretch_of(c, 1, 3), c.flag(2)); }

}  // namespace

void add_resampling(Table& t) {
  t.add(
      "aten::upsample_nearest1d",
      {{"upsample_nearest1d.vec(Tensor input, int[]? output_size, float[]? scale_factors) -> Tensor", upsample_nearest},
       {"upsample_nearest1d(Tensor self, int[1] output_size, float? scales=None) -> Tensor", upsample_nearest}});
  t.add("aten::upsample_linear1d",
        {{"upsample_linear1d.vec(Tensor input, int[]? output_size, bool align_corners, float[]? scale_factors) -> "
          "Tensor",
          upsample_linear},
         {"upsample_linear1d(Tensor self, int[1] output_size, bool align_corners, float? scales=None) -> Tensor",
          upsample_linear}});
}

}  // namespace bertrt::graph
