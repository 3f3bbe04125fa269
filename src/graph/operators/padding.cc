#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

enum class Mode { constant, reflect, replicate, circular };

/// Where an index of the padded axis comes from; -1: from nowhere.
std::int64_t origin(std::int64_t index, std::int64_t size, Mode mode) {
  if (index >= 0 && index < size) return index;
  switch (mode) {
    case Mode::constant: return -1;
    case Mode::reflect: return index < 0 ? -index : 2 * (size - 1) - index;
    case Mode::replicate: return index < 0 ? 0 : size - 1;
    case Mode::circular: return index < 0 ? index + size : index - size;
  }
  return -1;
}

/// Pads one axis by `before` and `after`, either of which may be negative (it is cut).
Tensor padded(Call& c, const Tensor& a, std::int64_t axis, std::int64_t before, std::int64_t after, Mode mode,
              const Value& value) {
  const std::int64_t size = a.size(axis);
  std::int64_t length = 0;
  if (__builtin_add_overflow(size, before, &length) || __builtin_add_overflow(length, after, &length) || length < 0) {
    c.fail("a padding that leaves something", std::to_string(before) + " and " + std::to_string(after));
  }
  const std::int64_t most = mode == Mode::reflect ? size - 1 : size;
  if (mode != Mode::constant && (size == 0 || (mode != Mode::replicate && (before > most || after > most)))) {
    c.fail("a padding of at most " + std::to_string(most), std::to_string(before) + " and " + std::to_string(after));
  }
  Sizes sizes = a.sizes();
  sizes[static_cast<std::size_t>(axis)] = length;
  Tensor out = c.make(a.type(), sizes);
  if (!all_known(out, a)) return out;
  if (mode == Mode::constant) fill(out, value);
  const std::int64_t start = std::max<std::int64_t>(before, 0);
  const std::int64_t from = std::max<std::int64_t>(-before, 0);
  const std::int64_t count = std::min(length - start, size - from);
  if (count > 0) copy_values(narrowed(out, axis, start, count), narrowed(a, axis, from, count));
  if (mode == Mode::constant) return out;
  for (std::int64_t i = 0; i < length; ++i) {
    if (i >= start && i < start + count) continue;
    const std::int64_t source = origin(i - before, size, mode);
    copy_values(narrowed(out, axis, i, 1), narrowed(a, axis, source, 1));
  }
  return out;
}

Tensor padded_all(Call& c, Tensor a, const Sizes& pads, Mode mode, const Value& value) {
  if (pads.size() % 2 != 0 || pads.size() / 2 > a.sizes().size()) {
    c.fail("two numbers for each of at most " + std::to_string(a.rank()) + " axes", to_string(pads));
  }
  for (std::size_t i = 0; i < pads.size() / 2; ++i) {
    if (pads[2 * i] == 0 && pads[2 * i + 1] == 0) continue;
    a = padded(c, a, a.rank() - 1 - static_cast<std::int64_t>(i), pads[2 * i], pads[2 * i + 1], mode, value);
  }
  return a;
}

Mode mode_of(const Call& c, const std::string& name) {
  if (name == "constant") return Mode::constant;
  if (name == "reflect") return Mode::reflect;
  if (name == "replicate") return Mode::replicate;
  if (name == "circular") return Mode::circular;
  c.fail("mode constant, reflect, replicate or circular", name);
}

void pad(Call& c) {
  const Mode mode = mode_of(c, c.text(2));
  const Sizes pads = c.integers(1);
  const Tensor& a = c.tensor(0);
  if (mode != Mode::constant && static_cast<std::int64_t>(pads.size()) / 2 + 2 < a.rank()) {
    c.fail("a padding of the last axes but two", to_string(pads));
  }
  const Tensor result = padded_all(c, a, pads, mode, c.has(3) ? c.argument(3) : Value(std::int64_t{0}));
  c.give(result.storage() == a.storage() ? copied(c, result) : result);
}
void constant_pad(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor result = padded_all(c, a, c.integers(1), Mode::constant, c.argument(2));
  c.give(result.storage() == a.storage() ? copied(c, result) : result);
}
template <Mode mode, std::size_t axes>
void pad_axes(Call& c) {
  const Sizes pads = c.integers(1);
  if (pads.size() != 2 * axes) c.fail(std::to_string(2 * axes) + " numbers", to_string(pads));
  c.give(padded_all(c, c.tensor(0), pads, mode, Value(std::int64_t{0})));
}

}  // namespace

void add_padding(Table& t) {
  t.add("aten::pad", {{"pad(Tensor self, int[] pad, str mode='constant', float? value=None) -> Tensor", pad}});
  t.add("aten::constant_pad_nd", {{"constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor", constant_pad}});
  t.add("aten::reflection_pad1d",
        {{"reflection_pad1d(Tensor self, int[2] padding) -> Tensor", pad_axes<Mode::reflect, 1>}});
  t.add("aten::reflection_pad2d",
        {{"reflection_pad2d(Tensor self, int[4] padding) -> Tensor", pad_axes<Mode::reflect, 2>}});
  t.add("aten::replication_pad1d",
        {{"replication_pad1d(Tensor self, int[2] padding) -> Tensor", pad_axes<Mode::replicate, 1>}});
  t.add("aten::replication_pad2d",
        {{"replication_pad2d(Tensor self, int[4] padding) -> Tensor", pad_axes<Mode::replicate, 2>}});
}

}  // namespace bertrt::graph
