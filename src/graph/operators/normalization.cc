#include "graph/operators/normalization.h"

#include <cmath>
#include <limits>

#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

Tensor softmax_of(Call& c, const Tensor& a, std::int64_t axis, bool logarithm) {
  if (!is_floating(a.type())) c.refuse("a floating tensor or dtype", std::string(archive::to_string(a.type())));
  const Tensor x = contiguous(c, a);
  Tensor out = c.make(x.type(), x.sizes());
  if (!all_known(out, x)) return out;
  const std::int64_t size = x.rank() == 0 ? 1 : x.size(axis);
  const std::int64_t step = x.rank() == 0 ? 1 : x.stride(axis);
  const std::int64_t rows = x.elements() == 0 ? 0 : x.elements() / size;
  with_type(x.type(), [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) {
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t start = row / step * step * size + row % step;
        const T* from = x.data<T>() + start;
        T* to = out.mutable_data<T>() + start;
        T most = -std::numeric_limits<T>::infinity();
        for (std::int64_t i = 0; i < size; ++i) most = std::max(most, from[i * step]);
        double total = 0;
        for (std::int64_t i = 0; i < size; ++i) {
          const T power = std::exp(from[i * step] - most);
          total += static_cast<double>(power);
          to[i * step] = power;
        }
        if (logarithm) {
          const T shift = static_cast<T>(std::log(total));
          for (std::int64_t i = 0; i < size; ++i) to[i * step] = from[i * step] - most - shift;
        } else {
          const T share = static_cast<T>(1 / total);
          for (std::int64_t i = 0; i < size; ++i) to[i * step] *= share;
        }
      }
    }
  });
  return out;
}

namespace {

template <bool logarithm>
void softmax(Call& c) {
  const Tensor a = c.has(2) ? cast(c, c.tensor(0), c.type_of(c.integer(2))) : c.tensor(0);
  c.give(softmax_of(c, a, c.axis(1, a.rank()), logarithm));
}
template <bool logarithm>
void softmax_raw(Call& c) {
  c.give(softmax_of(c, c.tensor(0), c.axis(1, c.tensor(0).rank()), logarithm));
}

void same_type(const Call& c, const Tensor& a, const Tensor& b) {
  if (a.type() != b.type()) c.fail("tensors of one type", std::string(archive::to_string(b.type())));
}

/// (x - mean) / sqrt(variance + eps) over rows of `size`, then weight and bias of each place in a row; RMS without
/// mean.
Tensor normalized(Call& c, const Tensor& a, std::int64_t size, const std::optional<Tensor>& weight,
                  const std::optional<Tensor>& bias, double eps, bool center) {
  const Tensor x = contiguous(c, a);
  Tensor out = c.make(x.type(), x.sizes());
  const Tensor gain = weight ? contiguous(c, *weight) : Tensor();
  const Tensor shift = bias ? contiguous(c, *bias) : Tensor();
  if (!all_known(out, x) || (weight && !gain.known()) || (bias && !shift.known()) || size == 0) return out;
  with_type(x.type(), [&]<typename T>() {
    const T* w = weight ? gain.data<T>() : nullptr;
    const T* b = bias ? shift.data<T>() : nullptr;
    for (std::int64_t start = 0; start < x.elements(); start += size) {
      const T* from = x.data<T>() + start;
      T* to = out.mutable_data<T>() + start;
      double mean = 0;
      if (center) {
        for (std::int64_t i = 0; i < size; ++i) mean += static_cast<double>(from[i]);
        mean /= static_cast<double>(size);
      }
      double squares = 0;
      for (std::int64_t i = 0; i < size; ++i) {
        const double away = static_cast<double>(from[i]) - mean;
        squares += away * away;
      }
      const double scale = 1 / std::sqrt(squares / static_cast<double>(size) + eps);
      for (std::int64_t i = 0; i < size; ++i) {
        double value = (static_cast<double>(from[i]) - mean) * scale;
        if (w != nullptr) value *= static_cast<double>(w[i]);
        if (b != nullptr) value += static_cast<double>(b[i]);
        to[i] = static_cast<T>(value);
      }
    }
  });
  return out;
}

void check_shape(const Call& c, const Tensor& a, const Sizes& shape) {
  const bool ends = !shape.empty() && shape.size() <= a.sizes().size() &&
                    std::equal(shape.rbegin(), shape.rend(), a.sizes().rbegin());
  if (!ends) c.fail("an input that ends in " + to_string(shape), to_string(a.sizes()));
  if (!is_floating(a.type())) c.fail("a floating tensor", std::string(archive::to_string(a.type())));
}
void check_part(const Call& c, const Tensor& a, const std::optional<Tensor>& part, const Sizes& shape) {
  if (!part) return;
  if (part->sizes() != shape) c.fail("a weight and bias of " + to_string(shape), to_string(part->sizes()));
  same_type(c, a, *part);
}

void layer_norm(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes shape = c.integers(1);
  check_shape(c, a, shape);
  check_part(c, a, c.optional_tensor(2), shape);
  check_part(c, a, c.optional_tensor(3), shape);
  c.give(normalized(c, a, count_elements(shape), c.optional_tensor(2), c.optional_tensor(3), c.real(4), true));
}
void native_layer_norm(Call& c) {
  layer_norm(c);
  // Mean and deviation are for gradients.
  c.give(Value::tuple({c.take(), Value(), Value()}));
}
void rms_norm(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes shape = c.integers(1);
  check_shape(c, a, shape);
  check_part(c, a, c.optional_tensor(2), shape);
  const double eps = c.has(3)                           ? c.real(3)
                     : a.type() == ElementType::float32 ? std::numeric_limits<float>::epsilon()
                                                        : std::numeric_limits<double>::epsilon();
  c.give(normalized(c, a, count_elements(shape), c.optional_tensor(2), std::nullopt, eps, false));
}

/// x times a factor plus a shift for each channel (axis 1).
Tensor by_channel(Call& c, const Tensor& x, const std::optional<Tensor>& weight, const std::optional<Tensor>& bias) {
  Sizes shape(x.sizes().size(), 1);
  shape[1] = x.size(1);
  Tensor result = x;
  if (weight) {
    check_part(c, x, weight, {x.size(1)});
    result = binary(c, result, reshaped(c, *weight, shape), x.type(), [](auto p, auto q) { return p * q; });
  }
  if (bias) {
    check_part(c, x, bias, {x.size(1)});
    result = binary(c, result, reshaped(c, *bias, shape), x.type(), [](auto p, auto q) { return p + q; });
  }
  return result;
}

void batch_norm(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() < 2 || !is_floating(a.type())) c.fail("a floating tensor of at least two axes", describe(c.argument(0)));
  if (c.flag(5)) c.refuse("a model in evaluation mode", "batch_norm with training=True: it keeps state");
  const Sizes channels = {a.size(1)};
  const Tensor& mean = c.tensor(3);
  const Tensor& variance = c.tensor(4);
  check_part(c, a, mean, channels);
  check_part(c, a, variance, channels);
  Sizes shape(a.sizes().size(), 1);
  shape[1] = a.size(1);
  const double eps = c.real(7);
  const Tensor centred = binary(c, a, reshaped(c, mean, shape), a.type(), [](auto p, auto q) { return p - q; });
  const Tensor scaled = binary(c, centred, reshaped(c, variance, shape), a.type(), [eps](auto p, auto q) {
    return static_cast<decltype(p)>(static_cast<double>(p) / std::sqrt(static_cast<double>(q) + eps));
  });
  c.give(by_channel(c, scaled, c.optional_tensor(1), c.optional_tensor(2)));
}

Tensor grouped(Call& c, const Tensor& a, std::int64_t groups, double eps) {
  if (a.rank() < 2 || !is_floating(a.type())) c.fail("a floating tensor of at least two axes", describe(c.argument(0)));
  if (groups <= 0 || a.size(1) % groups != 0)
    c.fail("groups that divide " + std::to_string(a.size(1)), std::to_string(groups));
  const std::int64_t rows = a.size(0) * groups;
  const std::int64_t size = rows == 0 ? 0 : a.elements() / rows;
  return normalized(c, a, size, std::nullopt, std::nullopt, eps, true);
}
void group_norm(Call& c) {
  const Tensor rows = grouped(c, c.tensor(0), c.integer(1), c.real(4));
  c.give(by_channel(c, rows, c.optional_tensor(2), c.optional_tensor(3)));
}
void instance_norm(Call& c) {
  if (!c.flag(5)) c.refuse("the statistics of the input", "running statistics");
  if (c.has(3) || c.has(4)) c.refuse("no running statistics", "some, which would be updated");
  const Tensor& a = c.tensor(0);
  if (a.rank() < 2) c.fail("a tensor of at least two axes", to_string(a.sizes()));
  const Tensor rows = grouped(c, a, std::max<std::int64_t>(a.size(1), 1), c.real(7));
  c.give(by_channel(c, rows, c.optional_tensor(1), c.optional_tensor(2)));
}

}  // namespace

void add_normalization(Table& t) {
  t.add("aten::softmax", {{"softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", softmax<false>}});
  t.add("aten::_softmax", {{"_softmax(Tensor self, int dim, bool half_to_float) -> Tensor", softmax_raw<false>}});
  t.add("aten::log_softmax",
        {{"log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", softmax<true>}});
  t.add("aten::_log_softmax",
        {{"_log_softmax(Tensor self, int dim, bool half_to_float) -> Tensor", softmax_raw<true>}});
  t.add("aten::layer_norm", {{"layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? "
                              "bias=None, float eps=1e-05, bool cudnn_enable=True) -> Tensor",
                              layer_norm}});
  t.add("aten::native_layer_norm", {{"native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? "
                                     "bias, float eps) -> (Tensor, Tensor, Tensor)",
                                     native_layer_norm}});
  t.add("aten::rms_norm",
        {{"rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor", rms_norm}});
  t.add("aten::batch_norm", {{"batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? "
                              "running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor",
                              batch_norm}});
  t.add("aten::group_norm", {{"group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float "
                              "eps=1e-05, bool cudnn_enabled=True) -> Tensor",
                              group_norm}});
  t.add("aten::instance_norm",
        {{"instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool "
          "use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor",
          instance_norm}});
}

}  // namespace bertrt::graph
