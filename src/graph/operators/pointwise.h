#pragma once

#include <type_traits>

#include "graph/operators/common.h"

namespace bertrt::graph {

/// Calls f.operator()<T>() with float, double or std::int64_t: the types that arithmetic is done in (see wide()).
template <typename F>
void with_wide_type(ElementType type, F&& f) {
  switch (type) {
    case ElementType::float32: f.template operator()<float>(); break;
    case ElementType::float64: f.template operator()<double>(); break;
    default: f.template operator()<std::int64_t>(); break;
  }
}

template <typename Out, typename In, typename F>
void map_values(const Tensor& out, const Tensor& in, F f) {
  const Sizes strides = expanded_strides(in, out.sizes());
  Out* const o = out.mutable_data<Out>();
  const In* const x = in.data<In>();
  walk<2>(out.sizes(), {&out.strides(), &strides}, [&](std::int64_t n, const auto& at, const auto& step) {
    Out* p = o + at[0];
    const In* q = x + at[1];
    if (step[0] == 1 && step[1] == 1) {
      for (std::int64_t i = 0; i < n; ++i) p[i] = f(q[i]);
    } else {
      for (std::int64_t i = 0; i < n; ++i) p[i * step[0]] = f(q[i * step[1]]);
    }
  });
}

template <typename Out, typename In, typename F>
void map_values(const Tensor& out, const Tensor& a, const Tensor& b, F f) {
  const Sizes a_strides = expanded_strides(a, out.sizes());
  const Sizes b_strides = expanded_strides(b, out.sizes());
  Out* const o = out.mutable_data<Out>();
  const In* const x = a.data<In>();
  const In* const y = b.data<In>();
  walk<3>(out.sizes(), {&out.strides(), &a_strides, &b_strides}, [&](std::int64_t n, const auto& at, const auto& step) {
    Out* p = o + at[0];
    const In* q = x + at[1];
    const In* r = y + at[2];
    if (step[0] == 1 && step[1] == 1 && step[2] == 1) {
      for (std::int64_t i = 0; i < n; ++i) p[i] = f(q[i], r[i]);
    } else if (step[0] == 1 && step[1] == 1 && step[2] == 0) {
      const In value = *r;
      for (std::int64_t i = 0; i < n; ++i) p[i] = f(q[i], value);
    } else {
      for (std::int64_t i = 0; i < n; ++i) p[i * step[0]] = f(q[i * step[1]], r[i * step[2]]);
    }
  });
}

/// f(T, T) -> T by element in the wide type of `type`, with ATen's broadcasting; the result has `type`.
template <typename F>
Tensor binary(Call& call, const Tensor& a, const Tensor& b, ElementType type, F f) {
  const Tensor x = cast(call, a, wide(type));
  const Tensor y = cast(call, b, wide(type));
  const Tensor out = make_like(call, wide(type), broadcast(a.sizes(), b.sizes()), {&a, &b});
  if (all_known(out, x, y)) {
    with_wide_type(type, [&]<typename T>() { map_values<T, T>(out, x, y, f); });
  }
  return cast(call, out, type);
}

/// f(T, T) -> bool by element, in the type that both promote to.
template <typename F>
Tensor compare(Call& call, const Tensor& a, const Tensor& b, F f) {
  const ElementType type = wide(promote({&a, &b}));
  const Tensor x = cast(call, a, type);
  const Tensor y = cast(call, b, type);
  Tensor out = make_like(call, ElementType::boolean, broadcast(a.sizes(), b.sizes()), {&a, &b});
  if (all_known(out, x, y)) {
    with_wide_type(type, [&]<typename T>() {
      map_values<std::uint8_t, T>(out, x, y, [f](T p, T q) { return static_cast<std::uint8_t>(f(p, q) ? 1 : 0); });
    });
  }
  return out;
}

/// f(T) -> T by element in the wide type of `type`; the result has `type`.
template <typename F>
Tensor unary(Call& call, const Tensor& a, ElementType type, F f) {
  const Tensor x = cast(call, a, wide(type));
  const Tensor out = make_like(call, wide(type), a.sizes(), {&a});
  if (all_known(out, x)) {
    with_wide_type(type, [&]<typename T>() { map_values<T, T>(out, x, f); });
  }
  return cast(call, out, type);
}

/// f(T) -> T of float or double by element; integers become float32.
template <typename F>
Tensor floating_unary(Call& call, const Tensor& a, F f) {
  const ElementType type = floating(a.type());
  const Tensor x = cast(call, a, type);
  Tensor out = make_like(call, type, a.sizes(), {&a});
  if (!all_known(out, x)) return out;
  if (type == ElementType::float32) {
    map_values<float, float>(out, x, f);
  } else {
    map_values<double, double>(out, x, f);
  }
  return out;
}

// Whole numbers wrap, without undefined behaviour.
inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_mul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

/// One operation for all wide types.
template <typename Whole, typename Real>
struct Either {
  Whole whole;
  Real real;
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return whole(a, b); }
  float operator()(float a, float b) const { return real(a, b); }
  double operator()(double a, double b) const { return real(a, b); }
  std::int64_t operator()(std::int64_t a) const { return whole(a); }
  float operator()(float a) const { return real(a); }
  double operator()(double a) const { return real(a); }
};
template <typename Whole, typename Real>
Either(Whole, Real) -> Either<Whole, Real>;

}  // namespace bertrt::graph
