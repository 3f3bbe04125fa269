#include <algorithm>

#include "graph/operators/arithmetic.h"
#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/products.h"
#include "graph/operators/table.h"
#include "graph/operators/windows.h"

namespace bertrt::graph {

std::int64_t Window::places(const Call& call, std::int64_t length, bool ceil) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  const auto fits = [](std::int64_t value, std::int64_t least) { return value >= least && value < kMost; };
  if (!fits(size, 1) || !fits(stride, 1) || !fits(padding, 0) || !fits(dilation, 1) ||
      length >= (std::int64_t{1} << 60)) {
    call.fail("a window of sizes above 0 and below 2^30", to_string({size, stride, padding, dilation}));
  }
  const std::int64_t room = length + 2 * padding - dilation * (size - 1) - 1;
  if (room < 0 && !ceil) return -1;
  std::int64_t count = (room + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && room + stride - 1 < 0) return -1;
  // The last window has to start within the axis or its left padding.
  if (ceil && (count - 1) * stride >= length + padding) --count;
  return count;
}

std::int64_t number_of(const Call& call, const Sizes& list, std::size_t i, std::size_t axes) {
  if (list.size() != 1 && list.size() != axes) call.fail("one number or one for each axis", to_string(list));
  return list.size() == 1 ? list[0] : list[i];
}

namespace {

struct Windows {
  Window rows;
  Window columns;
  std::int64_t row_places = 0;
  std::int64_t column_places = 0;
};

/// [channels, rows, columns] -> [places, channels * window]: what each place of the window sees; 0 beyond the edges.
template <typename T>
void unfold(const T* from, std::int64_t channels, std::int64_t rows, std::int64_t columns, const Sizes& strides,
            const Windows& windows, T* to) {
  for (std::int64_t y = 0; y < windows.row_places; ++y) {
    for (std::int64_t x = 0; x < windows.column_places; ++x) {
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t i = 0; i < windows.rows.size; ++i) {
          const std::int64_t row = windows.rows.place(y, i);
          for (std::int64_t j = 0; j < windows.columns.size; ++j) {
            const std::int64_t column = windows.columns.place(x, j);
            const bool inside = row >= 0 && row < rows && column >= 0 && column < columns;
            *to++ = inside ? from[channel * strides[0] + row * strides[1] + column * strides[2]] : T{0};
          }
        }
      }
    }
  }
}

void check_places(const Call& c, const Windows& windows) {
  if (windows.row_places < 0 || windows.column_places < 0) c.fail("a window that fits into the input", "a larger one");
}

/// [N, C, H, W] with [O, C / groups, h, w].
Tensor convolved(Call& c, const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias, Windows windows,
                 std::int64_t groups) {
  const std::int64_t channels = x.size(1);
  const std::int64_t outputs = weight.size(0);
  if (groups < 1 || channels % groups != 0 || outputs % groups != 0 || weight.size(1) != channels / groups) {
    c.fail("a weight that fits the input's channels", to_string(weight.sizes()) + " for " + to_string(x.sizes()));
  }
  if (x.type() != weight.type() || !is_floating(x.type()))
    c.fail("an input and a weight of one floating type", to_string(x.sizes()));
  if (bias && (bias->sizes() != Sizes{outputs} || bias->type() != x.type()))
    c.fail("a bias for each output", to_string(bias->sizes()));
  windows.row_places = windows.rows.places(c, x.size(2));
  windows.column_places = windows.columns.places(c, x.size(3));
  check_places(c, windows);
  const std::int64_t places = windows.row_places * windows.column_places;
  const std::int64_t width = count_elements({channels / groups, windows.rows.size, windows.columns.size});
  Tensor out = c.make(x.type(), {x.size(0), outputs, windows.row_places, windows.column_places});
  const Tensor seen = c.make(x.type(), {places, width});
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const Tensor part = narrowed(selected(x, 0, n), 0, g * (channels / groups), channels / groups);
      if (all_known(seen, part)) {
        with_wide_type(x.type(), [&]<typename T>() {
          unfold<T>(part.data<T>(), part.size(0), part.size(1), part.size(2), part.strides(), windows,
                    seen.mutable_data<T>());
        });
      }
      const Tensor kernel =
          reshaped(c, narrowed(weight, 0, g * (outputs / groups), outputs / groups), {outputs / groups, width});
      const Tensor product = matrix_product(c, kernel, transposed(seen, 0, 1));
      const Tensor target = narrowed(selected(out, 0, n), 0, g * (outputs / groups), outputs / groups);
      if (all_known(out, product)) {
        copy_values(target, product.view_as(target.sizes(), contiguous_strides(target.sizes()), 0));
      } else if (out.known()) {
        out.storage()->forget();
      }
    }
  }
  return bias ? sum_of(c, out, reshaped(c, *bias, {outputs, 1, 1}), Value(std::int64_t{1})) : out;
}

/// `axes` of 1 or 2; an input without a batch has one axis less.
Tensor convolve(Call& c, Tensor x, std::size_t axes, const Sizes& stride, const Sizes& padding, const Sizes& dilation,
                std::int64_t groups) {
  Tensor weight = c.tensor(1);
  const auto rank = static_cast<std::int64_t>(axes) + 2;
  if (weight.rank() != rank || (x.rank() != rank && x.rank() != rank - 1)) {
    c.fail("an input and a weight of " + std::to_string(rank) + " axes",
           to_string(x.sizes()) + " and " + to_string(weight.sizes()));
  }
  const bool single = x.rank() == rank - 1;
  if (single) x = unsqueezed(x, 0);
  if (axes == 1) {
    x = unsqueezed(x, 2);
    weight = unsqueezed(weight, 2);
  }
  Windows windows;
  windows.columns = {weight.size(3), number_of(c, stride, axes - 1, axes), number_of(c, padding, axes - 1, axes),
                     number_of(c, dilation, axes - 1, axes)};
  windows.rows = axes == 1 ? Window{}
                           : Window{weight.size(2), number_of(c, stride, 0, axes), number_of(c, padding, 0, axes),
                                    number_of(c, dilation, 0, axes)};
  if (weight.elements() == 0) c.fail("a weight with elements", to_string(weight.sizes()));
  Tensor out = convolved(c, x, weight, c.optional_tensor(2), windows, groups);
  if (axes == 1) out = selected(out, 2, 0);
  return single ? selected(out, 0, 0) : out;
}

/// Padding by name. Where a window leaves an odd number to pad, the last one stands behind the input.
Tensor convolve_padded(Call& c, std::size_t axes, const std::string& name) {
  const Tensor& x = c.tensor(0);
  const Tensor& weight = c.tensor(1);
  const Sizes stride = c.integers(3);
  const Sizes dilation = c.integers(5);
  Sizes padding(axes, 0);
  if (name != "valid" && name != "same") c.fail("padding valid, same or numbers", name);
  if (name == "valid" || weight.rank() != static_cast<std::int64_t>(axes) + 2) {
    return convolve(c, x, axes, stride, padding, dilation, c.integer(6));
  }
  std::vector<Value> behind;  // the last axis first
  for (std::size_t i = axes; i-- > 0;) {
    if (number_of(c, stride, i, axes) != 1) c.fail("a stride of 1", to_string(stride));
    const std::int64_t apart = number_of(c, dilation, i, axes);
    std::int64_t whole = 0;
    if (apart < 1 || __builtin_mul_overflow(apart, weight.size(static_cast<std::int64_t>(i) + 2) - 1, &whole)) {
      c.fail("dilations above 0", to_string(dilation));
    }
    padding[i] = whole / 2;
    behind.insert(behind.end(), {Value(std::int64_t{0}), Value(whole % 2)});
  }
  const bool is_even =
      std::all_of(behind.begin(), behind.end(), [](const Value& value) { return *value.integer() == 0; });
  return convolve(
      c, is_even ? x : made_by(c, "aten::constant_pad_nd", {Value(x), Value::list(std::move(behind)), Value(0.0)}),
      axes, stride, padding, dilation, c.integer(6));
}

/// What a convolution's gradient is: the input with zeros between its places, convolved with the weight turned around,
/// whose first axis is the input's channels.
Tensor convolve_transposed(Call& c, Tensor x, std::size_t axes, const Sizes& stride, const Sizes& padding,
                           const Sizes& more, std::int64_t groups, const Sizes& dilation) {
  Tensor weight = c.tensor(1);
  const auto rank = static_cast<std::int64_t>(axes) + 2;
  if (weight.rank() != rank || (x.rank() != rank && x.rank() != rank - 1) || weight.elements() == 0) {
    c.fail("an input and a weight of " + std::to_string(rank) + " axes",
           to_string(x.sizes()) + " and " + to_string(weight.sizes()));
  }
  const bool single = x.rank() == rank - 1;
  if (single) x = unsqueezed(x, 0);
  const std::int64_t channels = x.size(1);
  if (groups < 1 || channels % groups != 0 || weight.size(0) != channels) {
    c.fail("a weight that fits the input's channels", to_string(weight.sizes()) + " for " + to_string(x.sizes()));
  }
  std::vector<Value> around;  // the last axis first
  for (std::size_t i = axes; i-- > 0;) {
    const auto axis = static_cast<std::int64_t>(i) + 2;
    const Window window{weight.size(axis), number_of(c, stride, i, axes), number_of(c, padding, i, axes),
                        number_of(c, dilation, i, axes)};
    const std::int64_t added = number_of(c, more, i, axes);
    (void)window.places(c, 0, false);  // its numbers are in bounds
    if (added < 0 || added >= std::max(window.stride, window.dilation)) {
      c.fail("an output padding below the stride or the dilation", std::to_string(added));
    }
    if (x.size(axis) == 0) c.fail("an input with places", to_string(x.sizes()));
    if (window.stride > 1) {  // zeros behind each place, the last of them one time too many
      const Tensor apart = unsqueezed(transposed(x, axis, rank - 1), rank);
      const Value behind = Value::list(Sizes{0, window.stride - 1});
      const Tensor wide = made_by(c, "aten::constant_pad_nd", {Value(apart), behind, Value(0.0)});
      Sizes joined = wide.sizes();
      joined[static_cast<std::size_t>(rank - 1)] *= window.stride;
      joined.pop_back();
      x = transposed(reshaped(c, wide, joined), axis, rank - 1);
    }
    const std::int64_t edge = window.dilation * (window.size - 1) - window.padding;
    around.insert(around.end(), {Value(edge), Value(edge + added - (window.stride - 1))});
    weight = made_by(c, "aten::flip", {Value(weight), Value::list(Sizes{axis})});
  }
  // [groups * in, out, …] -> [groups * out, in, …]
  Sizes apart = weight.sizes();
  apart[0] /= groups;
  apart.insert(apart.begin(), groups);
  Sizes turned = weight.sizes();
  turned[0] = groups * weight.size(1);
  turned[1] = channels / groups;
  weight = reshaped(c, transposed(reshaped(c, weight, apart), 1, 2), turned);
  x = made_by(c, "aten::constant_pad_nd", {Value(x), Value::list(std::move(around)), Value(0.0)});
  const Value ones = Value::list(Sizes(axes, 1));
  const Value zeros = Value::list(Sizes(axes, 0));
  const Tensor out =
      made_by(c, axes == 1 ? "aten::conv1d" : "aten::conv2d",
              {Value(x), Value(weight), c.argument(2), ones, zeros, Value::list(dilation), Value(groups)});
  return single ? selected(out, 0, 0) : out;
}

template <std::size_t axes>
void transposed_convolution(Call& c) {
  c.give(convolve_transposed(c, c.tensor(0), axes, c.integers(3), c.integers(4), c.integers(5), c.integer(6),
                             c.integers(7)));
}

template <std::size_t axes>
void convolution(Call& c) {
  if (const std::string* name = c.argument(4).text()) return c.give(convolve_padded(c, axes, *name));
  c.give(convolve(c, c.tensor(0), axes, c.integers(3), c.integers(4), c.integers(5), c.integer(6)));
}
std::size_t axes_of_windows(Call& c) {
  const std::int64_t axes = c.tensor(1).rank() - 2;
  if (axes != 1 && axes != 2) c.refuse("one or two axes", to_string(c.tensor(1).sizes()));
  return static_cast<std::size_t>(axes);
}
void convolution_mode(Call& c) { c.give(convolve_padded(c, axes_of_windows(c), *c.argument(4).text())); }
void raw_convolution(Call& c) {
  if (c.flag(6)) {
    return c.give(convolve_transposed(c, c.tensor(0), axes_of_windows(c), c.integers(3), c.integers(4), c.integers(7),
                                      c.integer(8), c.integers(5)));
  }
  c.give(convolve(c, c.tensor(0), axes_of_windows(c), c.integers(3), c.integers(4), c.integers(5), c.integer(8)));
}

void im2col(Call& c) {
  Tensor x = c.tensor(0);
  if (x.rank() != 3 && x.rank() != 4) c.fail("an input of three or four axes", to_string(x.sizes()));
  const bool single = x.rank() == 3;
  if (single) x = unsqueezed(x, 0);
  const auto window = [&](std::size_t i) {
    return Window{number_of(c, c.integers(1), i, 2), number_of(c, c.integers(4), i, 2),
                  number_of(c, c.integers(3), i, 2), number_of(c, c.integers(2), i, 2)};
  };
  Windows windows{window(0), window(1), 0, 0};
  windows.row_places = windows.rows.places(c, x.size(2));
  windows.column_places = windows.columns.places(c, x.size(3));
  check_places(c, windows);
  const std::int64_t places = windows.row_places * windows.column_places;
  const std::int64_t width = count_elements({x.size(1), windows.rows.size, windows.columns.size});
  const Tensor out = c.make(x.type(), {x.size(0), places, width});
  if (all_known(out, x)) {
    with_type(x.type(), [&]<typename T>() {
      for (std::int64_t n = 0; n < x.size(0); ++n) {
        const Tensor part = selected(x, 0, n);
        unfold<T>(part.data<T>(), part.size(0), part.size(1), part.size(2), part.strides(), windows,
                  out.mutable_data<T>() + n * places * width);
      }
    });
  }
  const Tensor result = copied(c, transposed(out, 1, 2));
  c.give(single ? selected(result, 0, 0) : result);
}

}  // namespace

void add_convolution(Table& t) {
  t.add("aten::conv1d", {{"conv1d(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=[1], int[1] "
                          "padding=[0], int[1] dilation=[1], int groups=1) -> Tensor",
                          convolution<1>},
                         {"conv1d.padding(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=[1], str "
                          "padding='valid', int[1] dilation=[1], int groups=1) -> Tensor",
                          convolution<1>}});
  t.add("aten::conv2d", {{"conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=[1], int[2] "
                          "padding=[0], int[2] dilation=[1], int groups=1) -> Tensor",
                          convolution<2>},
                         {"conv2d.padding(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=[1], str "
                          "padding='valid', int[2] dilation=[1], int groups=1) -> Tensor",
                          convolution<2>}});
  t.add("aten::conv_transpose1d",
        {{"conv_transpose1d(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=[1], int[1] padding=[0], "
          "int[1] output_padding=[0], int groups=1, int[1] dilation=[1]) -> Tensor",
          transposed_convolution<1>}});
  t.add("aten::conv_transpose2d",
        {{"conv_transpose2d.input(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=[1], int[2] "
          "padding=[0], int[2] output_padding=[0], int groups=1, int[2] dilation=[1]) -> Tensor",
          transposed_convolution<2>}});
  t.add("aten::_convolution", {{"_convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, "
                                "int[] dilation, bool transposed, int[] output_padding, int groups, bool benchmark, "
                                "bool deterministic, bool cudnn_enabled, bool allow_tf32) -> Tensor",
                                raw_convolution},
                               {"_convolution.deprecated(Tensor input, Tensor weight, Tensor? bias, int[] stride, "
                                "int[] padding, int[] dilation, bool transposed, int[] output_padding, int groups, "
                                "bool benchmark, bool deterministic, bool cudnn_enabled) -> Tensor",
                                raw_convolution}});
  t.add("aten::_convolution_mode", {{"_convolution_mode(Tensor input, Tensor weight, Tensor? bias, int[] stride, str "
                                     "padding, int[] dilation, int groups) -> Tensor",
                                     convolution_mode}});
  t.add("aten::convolution", {{"convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, "
                               "int[] dilation, bool transposed, int[] output_padding, int groups) -> Tensor",
                               raw_convolution}});
  t.add(
      "aten::im2col",
      {{"im2col(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor", im2col}});
}

}  // namespace bertrt::graph
