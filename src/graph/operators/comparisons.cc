#include <algorithm>
#include <vector>

#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

void eq(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a == b; }));
}
void ne(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a != b; }));
}
void lt(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a < b; }));
}
void le(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a <= b; }));
}
void gt(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a > b; }));
}
void ge(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a >= b; }));
}
void logical_and(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a != 0 && b != 0; }));
}
void logical_or(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return a != 0 || b != 0; }));
}
void logical_xor(Call& c) {
  c.give(compare(c, c.operand(0), c.operand(1), [](auto a, auto b) { return (a != 0) != (b != 0); }));
}

template <typename F>
void bits(Call& c, F f) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  const ElementType type = promote({&a, &b});
  if (is_floating(type)) c.fail("whole numbers or booleans", std::string(archive::to_string(type)));
  c.give(binary(c, a, b, type, [f](auto p, auto q) {
    return static_cast<decltype(p)>(f(static_cast<std::int64_t>(p), static_cast<std::int64_t>(q)));
  }));
}
void bitwise_and(Call& c) {
  bits(c, [](std::int64_t a, std::int64_t b) { return a & b; });
}
void bitwise_or(Call& c) {
  bits(c, [](std::int64_t a, std::int64_t b) { return a | b; });
}
void bitwise_xor(Call& c) {
  bits(c, [](std::int64_t a, std::int64_t b) { return a ^ b; });
}

/// The truth of f of each element of the wide type.
template <typename F>
Tensor test(Call& c, F f) {
  const Tensor& a = c.tensor(0);
  const Tensor x = cast(c, a, wide(a.type()));
  Tensor out = make_like(c, ElementType::boolean, a.sizes(), {&a});
  if (all_known(out, x)) {
    with_wide_type(a.type(), [&]<typename T>() {
      map_values<std::uint8_t, T>(out, x, [f](T p) { return static_cast<std::uint8_t>(f(p) ? 1 : 0); });
    });
  }
  return out;
}

template <typename T>
bool infinite(T a) {
  if constexpr (std::is_floating_point_v<T>)
    return a == std::numeric_limits<T>::infinity() || a == -std::numeric_limits<T>::infinity();
  return false;
}

void logical_not(Call& c) {
  c.give(test(c, [](auto a) { return a == 0; }));
}
void isnan(Call& c) {
  c.give(test(c, [](auto a) { return a != a; }));
}
void isinf(Call& c) {
  c.give(test(c, [](auto a) { return infinite(a); }));
}
void isposinf(Call& c) {
  c.give(test(c, [](auto a) { return infinite(a) && a > 0; }));
}
void isneginf(Call& c) {
  c.give(test(c, [](auto a) { return infinite(a) && a < 0; }));
}
void isfinite(Call& c) {
  c.give(test(c, [](auto a) { return a == a && !infinite(a); }));
}
void bitwise_not(Call& c) {
  const ElementType type = c.tensor(0).type();
  if (type == ElementType::boolean) return logical_not(c);
  if (is_floating(type)) c.fail("whole numbers or booleans", std::string(archive::to_string(type)));
  c.give(unary(c, c.tensor(0), type, [](auto a) { return static_cast<decltype(a)>(~static_cast<std::int64_t>(a)); }));
}

/// Whether each element is one of the others, or, when the call asks so, none of them.
void isin(Call& c) {
  const Tensor elements = c.operand(0);
  const Tensor others = c.operand(1);
  const bool wanted = !c.flag(3);
  const ElementType type = promote({&elements, &others});
  if (type == ElementType::boolean) c.fail("numbers", "booleans");
  const Tensor list = contiguous(c, cast(c, others, wide(type)));
  const Tensor x = cast(c, elements, wide(type));
  const Tensor out = c.make(ElementType::boolean, elements.sizes());
  if (!all_known(out, list, x)) return c.give(out);
  with_wide_type(type, [&]<typename T>() {
    // Sorted, and without NaN, which equals nothing.
    std::vector<T> known(list.data<T>(), list.data<T>() + list.elements());
    known.erase(std::remove_if(known.begin(), known.end(), [](T one) { return one != one; }), known.end());
    std::sort(known.begin(), known.end());
    map_values<std::uint8_t, T>(out, x, [&](T one) {
      const bool found = one == one && std::binary_search(known.begin(), known.end(), one);
      return static_cast<std::uint8_t>(found == wanted);
    });
  });
  c.give(out);
}

/// One bool: the same shape and the same values.
void equal(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  if (a.sizes() != b.sizes()) return c.give(Value(false));
  const Tensor same = compare(c, a, b, [](auto p, auto q) { return p == q; });
  if (!same.known()) c.refuse("values that are known", "a comparison of weights");
  c.reads_values();
  bool all = true;
  for (const std::int64_t one : c.values_of(same)) all = all && one != 0;
  c.give(Value(all));
}

}  // namespace

void add_comparisons(Table& t) {
  t.add("aten::isin",
        {{"isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False) "
          "-> Tensor",
          isin},
         {"isin.Tensor_Scalar(Tensor element, Scalar test_element, *, bool assume_unique=False, bool invert=False) -> "
          "Tensor",
          isin},
         {"isin.Scalar_Tensor(Scalar element, Tensor test_elements, *, bool assume_unique=False, bool invert=False) "
          "-> Tensor",
          isin}});
  struct Row {
    const char* name;
    const char* other;
    void (*run)(Call&);
  };
  for (const Row& row : {Row{"aten::eq", nullptr, eq}, Row{"aten::ne", "aten::not_equal", ne},
                         Row{"aten::lt", "aten::less", lt}, Row{"aten::le", "aten::less_equal", le},
                         Row{"aten::gt", "aten::greater", gt}, Row{"aten::ge", "aten::greater_equal", ge}}) {
    for (const char* name : {row.name, row.other}) {
      if (name == nullptr) continue;
      t.pointwise(name, {{"compare.Tensor(Tensor self, Tensor other) -> Tensor", row.run},
                         {"compare.Scalar(Tensor self, Scalar other) -> Tensor", row.run}});
    }
  }
  t.pointwise("aten::logical_and", {{"logical_and(Tensor self, Tensor other) -> Tensor", logical_and}});
  t.pointwise("aten::logical_or", {{"logical_or(Tensor self, Tensor other) -> Tensor", logical_or}});
  t.pointwise("aten::logical_xor", {{"logical_xor(Tensor self, Tensor other) -> Tensor", logical_xor}});
  for (const Row& row :
       {Row{"aten::bitwise_and", "aten::__and__", bitwise_and}, Row{"aten::bitwise_or", "aten::__or__", bitwise_or},
        Row{"aten::bitwise_xor", "aten::__xor__", bitwise_xor}}) {
    for (const char* name : {row.name, row.other}) {
      t.pointwise(name, {{"bits.Tensor(Tensor self, Tensor other) -> Tensor", row.run},
                         {"bits.Scalar(Tensor self, Scalar other) -> Tensor", row.run}});
    }
  }
  t.add("aten::__iand__",
        {{"__iand__.Tensor(Tensor self, Tensor other) -> Tensor", bitwise_and, true},
         {"__iand__.Scalar(Tensor self, Scalar other) -> Tensor", bitwise_and, true}},
        Mixing::row_wise);
  t.add("aten::__ior__",
        {{"__ior__.Tensor(Tensor self, Tensor other) -> Tensor", bitwise_or, true},
         {"__ior__.Scalar(Tensor self, Scalar other) -> Tensor", bitwise_or, true}},
        Mixing::row_wise);
  t.pointwise("aten::logical_not", {{"logical_not(Tensor self) -> Tensor", logical_not}});
  t.pointwise("aten::bitwise_not", {{"bitwise_not(Tensor self) -> Tensor", bitwise_not}});
  t.add("aten::isnan", {{"isnan(Tensor self) -> Tensor", isnan}}, Mixing::row_wise);
  t.add("aten::isinf", {{"isinf(Tensor self) -> Tensor", isinf}}, Mixing::row_wise);
  t.add("aten::isposinf", {{"isposinf(Tensor self) -> Tensor", isposinf}}, Mixing::row_wise);
  t.add("aten::isneginf", {{"isneginf(Tensor self) -> Tensor", isneginf}}, Mixing::row_wise);
  t.add("aten::isfinite", {{"isfinite(Tensor self) -> Tensor", isfinite}}, Mixing::row_wise);
  t.add("aten::equal", {{"equal(Tensor self, Tensor other) -> bool", equal}});
}

}  // namespace bertrt::graph
