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

/// Operands of an operator by element: converted, and the tensor that takes the results.
struct Operands {
  Tensor x;
  Tensor y;
  Tensor out;
  bool known = false;  ///< all of them have bytes
};
/// @param type  that both are read as  @param out  the result's
Operands operands(Call& call, const Tensor& a, const Tensor& b, ElementType type, ElementType out);
Operands operands(Call& call, const Tensor& a, ElementType type, ElementType out);
/// The rows of a result and what is expanded to its shape.
Rows rows_of(const Tensor& out, const Tensor& in);
Rows rows_of(const Tensor& out, const Tensor& a, const Tensor& b);

template <typename Out, typename In, typename F>
void map_values(const Tensor& out, const Tensor& in, F f) {
  Rows rows = rows_of(out, in);
  if (rows.empty()) return;
  Out* const o = out.mutable_data<Out>();
  const In* const x = in.data<In>();
  const auto& step = rows.step();
  do {
    Out* p = o + rows.at()[0];
    const In* q = x + rows.at()[1];
    if (step[0] == 1 && step[1] == 1) {
      for (std::int64_t i = 0; i < rows.length(); ++i) p[i] = f(q[i]);
    } else {
      for (std::int64_t i = 0; i < rows.length(); ++i) p[i * step[0]] = f(q[i * step[1]]);
    }
  } while (rows.next());
}

template <typename Out, typename In, typename F>
void map_values(const Tensor& out, const Tensor& a, const Tensor& b, F f) {
  Rows rows = rows_of(out, a, b);
  if (rows.empty()) return;
  Out* const o = out.mutable_data<Out>();
  const In* const x = a.data<In>();
  const In* const y = b.data<In>();
  const auto& step = rows.step();
  do {
    Out* p = o + rows.at()[0];
    const In* q = x + rows.at()[1];
    const In* r = y + rows.at()[2];
    for (std::int64_t i = 0; i < rows.length(); ++i) p[i * step[0]] = f(q[i * step[1]], r[i * step[2]]);
  } while (rows.next());
}

/// f(T, T) -> T by element in the wide type of `type`, with ATen's broadcasting; the result has `type`.
template <typename F>
Tensor binary(Call& call, const Tensor& a, const Tensor& b, ElementType type, F f) {
  const Operands o = operands(call, a, b, wide(type), wide(type));
  if (o.known) {
    with_wide_type(type, [&]<typename T>() { map_values<T, T>(o.out, o.x, o.y, f); });
  }
  return cast(call, o.out, type);
}

/// f(T, T) -> bool by element, in the type that both promote to.
template <typename F>
Tensor compare(Call& call, const Tensor& a, const Tensor& b, F f) {
  const ElementType type = wide(promote({&a, &b}));
  const Operands o = operands(call, a, b, type, ElementType::boolean);
  if (o.known) {
    with_wide_type(type, [&]<typename T>() {
      map_values<std::uint8_t, T>(o.out, o.x, o.y,
                                  [f](T p, T q) { return static_cast<std::uint8_t>(f(p, q) ? 1 : 0); });
    });
  }
  return o.out;
}

/// f(T) -> T by element in the wide type of `type`; the result has `type`.
template <typename F>
Tensor unary(Call& call, const Tensor& a, ElementType type, F f) {
  const Operands o = operands(call, a, wide(type), wide(type));
  if (o.known) {
    with_wide_type(type, [&]<typename T>() { map_values<T, T>(o.out, o.x, f); });
  }
  return cast(call, o.out, type);
}

/// f(T) -> T of float or double by element; integers become float32.
template <typename F>
Tensor floating_unary(Call& call, const Tensor& a, F f) {
  const ElementType type = floating(a.type());
  const Operands o = operands(call, a, type, type);
  if (!o.known) return o.out;
  if (type == ElementType::float32) {
    map_values<float, float>(o.out, o.x, f);
  } else {
    map_values<double, double>(o.out, o.x, f);
  }
  return o.out;
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
