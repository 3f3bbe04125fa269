#include <algorithm>
#include <limits>

#include "graph/operators/common.h"
#include "graph/operators/table.h"
#include "graph/operators/windows.h"

namespace bertrt::graph {
namespace {

/// How a window goes over the last two axes; over rows of one when an operator has one axis.
struct Windows {
  Window rows;
  Window columns;
};

/// Where a window begins and ends on an axis, and what it covers of it.
struct Part {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

template <std::size_t axes>
void check_input(const Call& c, const Tensor& a) {
  constexpr auto kLeast = static_cast<std::int64_t>(axes) + 1;
  if (a.rank() != kLeast && a.rank() != kLeast + 1) {
    c.fail("an input of " + std::to_string(kLeast) + " or " + std::to_string(kLeast + 1) + " axes",
           to_string(a.sizes()));
  }
  if (!is_floating(a.type())) c.refuse("a floating tensor", std::string(archive::to_string(a.type())));
}

std::int64_t rows_of(const Tensor& a, std::size_t axes) { return axes == 1 ? 1 : a.size(a.rank() - 2); }
std::int64_t columns_of(const Tensor& a) { return a.size(a.rank() - 1); }

/// body(const T* plane, y, x) for each place of each plane of the last axes, which get `rows` and `columns` places;
/// each looks at `seen` elements at most.
template <std::size_t axes, typename Body>
Tensor pooled(Call& c, const Tensor& a, std::int64_t rows, std::int64_t columns, double seen, Body body) {
  if (rows < 0 || columns < 0) c.fail("a window that fits into the input", to_string(a.sizes()));
  Sizes sizes = a.sizes();
  sizes.back() = columns;
  if (axes == 2) sizes[sizes.size() - 2] = rows;
  const Tensor x = contiguous(c, a);
  Tensor out = c.make(a.type(), sizes);
  c.count(static_cast<double>(out.elements()) * seen);
  if (!all_known(out, x) || out.elements() == 0) return out;
  const std::int64_t plane = rows_of(x, axes) * columns_of(x);
  with_type(x.type(), [&]<typename T>() {
    const T* from = x.data<T>();
    T* to = out.mutable_data<T>();
    for (std::int64_t i = 0; i < out.elements() / (rows * columns); ++i, from += plane) {
      for (std::int64_t y = 0; y < rows; ++y) {
        for (std::int64_t z = 0; z < columns; ++z) *to++ = body(from, y, z);
      }
    }
  });
  return out;
}

template <std::size_t axes>
Windows windows_of(const Call& c, const Sizes& dilation) {
  const Sizes sizes = c.integers(1);
  const Sizes strides = c.integers(2);
  const Sizes paddings = c.integers(3);
  const auto window = [&](std::size_t i) {
    const std::int64_t size = number_of(c, sizes, i, axes);
    const std::int64_t padding = number_of(c, paddings, i, axes);
    if (padding > size / 2) c.fail("a padding of at most half the window", std::to_string(padding));
    return Window{size, strides.empty() ? size : number_of(c, strides, i, axes), padding,
                  number_of(c, dilation, i, axes)};
  };
  if constexpr (axes == 1) {
    return {Window{}, window(0)};
  } else {
    return {window(0), window(1)};
  }
}

double seen_by(const Windows& windows, std::int64_t rows, std::int64_t columns) {
  return static_cast<double>(std::min(windows.rows.size, rows)) *
         static_cast<double>(std::min(windows.columns.size, columns));
}

template <std::size_t axes>
void max_pool(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input<axes>(c, a);
  const Windows windows = windows_of<axes>(c, c.integers(4));
  const std::int64_t rows = rows_of(a, axes);
  const std::int64_t columns = columns_of(a);
  const std::int64_t row_places = windows.rows.places(c, rows, c.flag(5));
  const std::int64_t column_places = windows.columns.places(c, columns, c.flag(5));
  c.give(pooled<axes>(c, a, row_places, column_places, seen_by(windows, rows, columns),
                      [&](const auto* from, std::int64_t y, std::int64_t x) {
                        using T = std::remove_cvref_t<decltype(*from)>;
                        T best = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                                      : std::numeric_limits<T>::lowest();
                        const auto [top, bottom] = windows.rows.inside(y, rows);
                        const auto [left, right] = windows.columns.inside(x, columns);
                        for (std::int64_t i = top; i < bottom; ++i) {
                          for (std::int64_t j = left; j < right; ++j) {
                            const T value = from[windows.rows.place(y, i) * columns + windows.columns.place(x, j)];
                            if (value > best || value != value) best = value;
                          }
                        }
                        return best;
                      }));
}

/// With its padding, as far as the axis and its padding reach.
Part padded_part(const Window& window, std::int64_t place, std::int64_t length) {
  const std::int64_t first = window.place(place, 0);
  return {first, std::min(first + window.size, length + window.padding)};
}
Part inside(const Part& part, std::int64_t length) {
  return {std::max<std::int64_t>(part.first, 0), std::min(part.last, length)};
}
std::int64_t places_in(const Part& rows, const Part& columns) {
  return (rows.last - rows.first) * (columns.last - columns.first);
}
template <typename T>
double sum_of(const T* from, std::int64_t width, const Part& rows, const Part& columns) {
  double total = 0;
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    for (std::int64_t column = columns.first; column < columns.last; ++column) {
      total += static_cast<double>(from[row * width + column]);
    }
  }
  return total;
}

template <std::size_t axes>
void average_pool(Call& c) {
  const Tensor& a = c.tensor(0);
  check_input<axes>(c, a);
  const Windows windows = windows_of<axes>(c, {1});
  const bool counts_padding = c.flag(5);
  const std::int64_t divisor = axes == 2 ? c.integer_or(6, 0) : 0;
  if (axes == 2 && c.has(6) && divisor == 0) c.fail("a divisor that is not 0", "0");
  const std::int64_t rows = rows_of(a, axes);
  const std::int64_t columns = columns_of(a);
  const std::int64_t row_places = windows.rows.places(c, rows, c.flag(4));
  const std::int64_t column_places = windows.columns.places(c, columns, c.flag(4));
  c.give(
      pooled<axes>(c, a, row_places, column_places, seen_by(windows, rows, columns),
                   [&](const auto* from, std::int64_t y, std::int64_t x) {
                     using T = std::remove_cvref_t<decltype(*from)>;
                     const Part padded_rows = padded_part(windows.rows, y, rows);
                     const Part padded_columns = padded_part(windows.columns, x, columns);
                     const Part seen_rows = inside(padded_rows, rows);
                     const Part seen_columns = inside(padded_columns, columns);
                     const std::int64_t count = divisor != 0 ? divisor
                                                             : (counts_padding ? places_in(padded_rows, padded_columns)
                                                                               : places_in(seen_rows, seen_columns));
                     return static_cast<T>(sum_of(from, columns, seen_rows, seen_columns) / static_cast<double>(count));
                   }));
}

Part part_of(std::int64_t place, std::int64_t places, std::int64_t length) {
  return {place * length / places, ((place + 1) * length + places - 1) / places};
}
/// The places that an adaptive operator makes of an axis.
std::int64_t wanted_places(const Call& c, std::size_t i, std::size_t axes, std::int64_t length) {
  const std::int64_t places = number_of(c, c.integers(1), i, axes);
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (places < 0 || places > kMost || length < 1 || length > kMost) {
    c.fail("an output size of 0 or more of an axis that has places", std::to_string(places));
  }
  return places;
}

/// body(const T* plane, rows' part, columns' part) for each place of an adaptive operator.
template <std::size_t axes, typename Body>
Tensor adapted(Call& c, const Tensor& a, Body body) {
  check_input<axes>(c, a);
  const std::int64_t rows = rows_of(a, axes);
  const std::int64_t columns = columns_of(a);
  const std::int64_t row_places = axes == 1 ? 1 : wanted_places(c, 0, axes, rows);
  const std::int64_t column_places = wanted_places(c, axes - 1, axes, columns);
  const auto part = [](std::int64_t length, std::int64_t places) {
    return static_cast<double>(places > 0 ? length / places + 2 : 0);
  };
  return pooled<axes>(c, a, row_places, column_places, part(rows, row_places) * part(columns, column_places),
                      [&](const auto* from, std::int64_t y, std::int64_t x) {
                        return body(from, part_of(y, row_places, rows), part_of(x, column_places, columns));
                      });
}

template <std::size_t axes>
void adaptive_average(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(adapted<axes>(c, a, [&](const auto* from, const Part& rows, const Part& columns) {
    using T = std::remove_cvref_t<decltype(*from)>;
    return static_cast<T>(sum_of(from, columns_of(a), rows, columns) / static_cast<double>(places_in(rows, columns)));
  }));
}

/// Where the largest stands in its plane; the last NaN, where there is one.
template <typename T>
std::int64_t largest_at(const T* from, std::int64_t width, const Part& rows, const Part& columns) {
  std::int64_t best = rows.first * width + columns.first;
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    for (std::int64_t at = row * width + columns.first; at < row * width + columns.last; ++at) {
      if (from[at] > from[best] || from[at] != from[at]) best = at;
    }
  }
  return best;
}

template <std::size_t axes>
void adaptive_max(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor best = adapted<axes>(c, a, [&](const auto* from, const Part& rows, const Part& columns) {
    return from[largest_at(from, columns_of(a), rows, columns)];
  });
  // Places are exact in float64.
  const Tensor where =
      adapted<axes>(c, cast(c, a, ElementType::float64), [&](const auto* from, const Part& rows, const Part& columns) {
        using T = std::remove_cvref_t<decltype(*from)>;
        return static_cast<T>(largest_at(from, columns_of(a), rows, columns));
      });
  c.give(Value::tuple({Value(best), Value(cast(c, where, ElementType::int64))}));
}

}  // namespace

void add_pooling(Table& t) {
  t.add("aten::max_pool1d", {{"max_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], "
                              "int[1] dilation=[1], bool ceil_mode=False) -> Tensor",
                              max_pool<1>}});
  t.add("aten::max_pool2d", {{"max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=[0], "
                              "int[2] dilation=[1], bool ceil_mode=False) -> Tensor",
                              max_pool<2>}});
  t.add("aten::avg_pool1d", {{"avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], bool "
                              "ceil_mode=False, bool count_include_pad=True) -> Tensor",
                              average_pool<1>}});
  t.add("aten::avg_pool2d", {{"avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=[0], bool "
                              "ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor",
                              average_pool<2>}});
  t.add("aten::adaptive_avg_pool1d",
        {{"adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor", adaptive_average<1>}});
  t.add("aten::adaptive_avg_pool2d",
        {{"adaptive_avg_pool2d(Tensor self, int[2] output_size) -> Tensor", adaptive_average<2>}});
  t.add("aten::adaptive_max_pool1d",
        {{"adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)", adaptive_max<1>}});
  t.add("aten::adaptive_max_pool2d",
        {{"adaptive_max_pool2d(Tensor self, int[2] output_size) -> (Tensor, Tensor)", adaptive_max<2>}});
}

}  // namespace bertrt::graph
