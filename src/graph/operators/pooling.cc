#include <algorithm>
#include <limits>

#include "graph/operators/common.h"
#include "graph/operators/table.h"
#include "graph/operators/windows.h"

namespace bertrt::graph {
namespace {

void check_input(const Call& c, const Tensor& a) {
  if (a.rank() != 2 && a.rank() != 3) c.fail("an input of two or three axes", to_string(a.sizes()));
  if (!is_floating(a.type())) c.refuse("a floating tensor", std::string(archive::to_string(a.type())));
}

/// body(T* to, const T* from, step, place) for each place of the last axis of each row.
template <typename Body>
Tensor pooled(Call& c, const Tensor& a, std::int64_t places, Body body) {
  if (places < 0) c.fail("a window that fits into the input", to_string(a.sizes()));
  Sizes sizes = a.sizes();
  sizes.back() = places;
  const Tensor x = contiguous(c, a);
  Tensor out = c.make(a.type(), sizes);
  if (!all_known(out, x) || out.elements() == 0) return out;
  const std::int64_t length = x.size(x.rank() - 1);
  with_type(x.type(), [&]<typename T>() {
    for (std::int64_t row = 0; row < out.elements() / places; ++row) {
      for (std::int64_t place = 0; place < places; ++place) {
        out.mutable_data<T>()[row * places + place] = body(x.data<T>() + row * length, length, place);
      }
    }
  });
  return out;
}

Window window_of(const Call& c, std::int64_t dilation) {
  const Sizes size = c.integers(1);
  const Sizes stride = c.integers(2);
  const std::int64_t width = number_of(c, size, 0, 1);
  return {width, stride.empty() ? width : number_of(c, stride, 0, 1), number_of(c, c.integers(3), 0, 1), dilation};
}

void max_pool(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input(c, a);
  const Window window = window_of(c, number_of(c, c.integers(4), 0, 1));
  if (window.padding > window.size / 2) c.fail("a padding of at most half the window", std::to_string(window.padding));
  const std::int64_t places = window.places(c, a.size(a.rank() - 1), c.flag(5));
  c.give(pooled(c, a, places, [&](const auto* from, std::int64_t length, std::int64_t place) {
    using T = std::remove_cvref_t<decltype(*from)>;
    T best =
        std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
    for (std::int64_t i = 0; i < window.size; ++i) {
      const std::int64_t at = place * window.stride - window.padding + i * window.dilation;
      if (at >= 0 && at < length && (from[at] > best || from[at] != from[at])) best = from[at];
    }
    return best;
  }));
}
void average_pool(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input(c, a);
  const Window window = window_of(c, 1);
  if (window.padding > window.size / 2) c.fail("a padding of at most half the window", std::to_string(window.padding));
  const bool counts_padding = c.flag(5);
  const std::int64_t places = window.places(c, a.size(a.rank() - 1), c.flag(4));
  c.give(pooled(c, a, places, [&](const auto* from, std::int64_t length, std::int64_t place) {
    using T = std::remove_cvref_t<decltype(*from)>;
    const std::int64_t first = place * window.stride - window.padding;
    const std::int64_t last = std::min(first + window.size, length + window.padding);
    const std::int64_t inside_first = std::max<std::int64_t>(first, 0);
    const std::int64_t inside_last = std::min(last, length);
    double total = 0;
    for (std::int64_t at = inside_first; at < inside_last; ++at) total += static_cast<double>(from[at]);
    return static_cast<T>(total / static_cast<double>(counts_padding ? last - first : inside_last - inside_first));
  }));
}

struct Part {
  std::int64_t first;
  std::int64_t last;
};
Part part_of(std::int64_t place, std::int64_t places, std::int64_t length) {
  return {place * length / places, ((place + 1) * length + places - 1) / places};
}
std::int64_t wanted_places(const Call& c, const Tensor& a) {
  const std::int64_t places = number_of(c, c.integers(1), 0, 1);
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (places < 1 || places > kMost || a.size(a.rank() - 1) < 1 || a.size(a.rank() - 1) > kMost) {
    c.fail("an output size above 0", std::to_string(places));
  }
  return places;
}
void adaptive_average(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input(c, a);
  const std::int64_t places = wanted_places(c, a);
  c.give(pooled(c, a, places, [&](const auto* from, std::int64_t length, std::int64_t place) {
    using T = std::remove_cvref_t<decltype(*from)>;
    const Part part = part_of(place, places, length);
    double total = 0;
    for (std::int64_t at = part.first; at < part.last; ++at) total += static_cast<double>(from[at]);
    return static_cast<T>(total / static_cast<double>(part.last - part.first));
  }));
}
void adaptive_max(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input(c, a);
  const std::int64_t places = wanted_places(c, a);
  const Tensor best = pooled(c, a, places, [&](const auto* from, std::int64_t length, std::int64_t place) {
    const Part part = part_of(place, places, length);
    auto value = from[part.first];
    for (std::int64_t at = part.first; at < part.last; ++at) {
      if (from[at] > value || from[at] != from[at]) value = from[at];
    }
    return value;
  });
  const Tensor where = pooled(c, cast(c, a, ElementType::float64), places,
                              [&](const auto* from, std::int64_t length, std::int64_t place) {
                                using T = std::remove_cvref_t<decltype(*from)>;
                                const Part part = part_of(place, places, length);
                                std::int64_t best_at = part.first;
                                for (std::int64_t at = part.first; at < part.last; ++at) {
                                  if (from[at] > from[best_at] || from[at] != from[at]) best_at = at;
                                }
                                return static_cast<T>(best_at);
                              });
  c.give(Value::tuple({Value(best), Value(cast(c, where, ElementType::int64))}));
}

}  // namespace

void add_pooling(Table& t) {
  t.add("aten::max_pool1d", {{"max_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], "
                              "int[1] dilation=[1], bool ceil_mode=False) -> Tensor",
                              max_pool}});
  t.add("aten::avg_pool1d", {{"avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], bool "
                              "ceil_mode=False, bool count_include_pad=True) -> Tensor",
                              average_pool}});
  t.add("aten::adaptive_avg_pool1d",
        {{"adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor", adaptive_average}});
  t.add("aten::adaptive_max_pool1d",
        {{"adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)", adaptive_max}});
}

}  // namespace bertrt::graph
