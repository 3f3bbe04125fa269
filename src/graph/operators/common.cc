#include "graph/operators/common.h"

#include <algorithm>
#include <numeric>

#include "bertrt/error.h"
#include "graph/operators/scalar.h"

namespace bertrt::graph {
namespace {

[[noreturn]] void bad(std::string_view expected, std::string_view found) {
  throw Error(ErrorCode::runtime, "shape", std::string(expected), std::string(found));
}

int rank_of(ElementType type) {
  switch (type) {
    case ElementType::boolean: return 0;
    case ElementType::uint8: return 1;
    case ElementType::int8: return 2;
    case ElementType::int16: return 3;
    case ElementType::int32: return 4;
    case ElementType::int64: return 5;
    case ElementType::float32: return 6;
    default: return 7;
  }
}

/// Types of one of the three classes of operands, seen so far.
struct Seen {
  bool any = false;
  ElementType type = ElementType::boolean;
  void add(ElementType other) {
    type = any ? promote_types(type, other) : other;
    any = true;
  }
};

Seen combine(const Seen& higher, const Seen& lower) {
  if (!lower.any) return higher;
  if (!higher.any) return lower;
  if (is_floating(higher.type)) return higher;
  if (higher.type == ElementType::boolean || is_floating(lower.type)) {
    return {true, promote_types(higher.type, lower.type)};
  }
  return higher;
}

}  // namespace

ElementType promote_types(ElementType a, ElementType b) {
  // uint8 with a signed type of its size fits into neither.
  if ((a == ElementType::uint8 && b == ElementType::int8) || (a == ElementType::int8 && b == ElementType::uint8)) {
    return ElementType::int16;
  }
  return rank_of(a) >= rank_of(b) ? a : b;
}

ElementType promote(std::initializer_list<const Tensor*> tensors) {
  Seen axes;
  Seen none;
  Seen wrapped;
  for (const Tensor* tensor : tensors) {
    if (tensor->wrapped_number) {
      wrapped.add(is_floating(tensor->type()) ? ElementType::float32 : tensor->type());
    } else if (tensor->rank() == 0) {
      none.add(tensor->type());
    } else {
      axes.add(tensor->type());
    }
  }
  return combine(axes, combine(none, wrapped)).type;
}

bool can_cast(ElementType from, ElementType to) noexcept {
  if (is_floating(from) && !is_floating(to)) return false;
  return from == ElementType::boolean || to != ElementType::boolean;
}

ElementType wide(ElementType type) noexcept { return is_floating(type) ? type : ElementType::int64; }

ElementType floating(ElementType type) noexcept { return is_floating(type) ? type : ElementType::float32; }

Sizes expanded_strides(const Tensor& tensor, const Sizes& sizes) {
  const std::size_t more = sizes.size() - tensor.sizes().size();
  if (sizes.size() < tensor.sizes().size())
    bad("at least as many axes as " + to_string(tensor.sizes()), to_string(sizes));
  Sizes strides(sizes.size(), 0);
  for (std::size_t i = 0; i < tensor.sizes().size(); ++i) {
    if (tensor.sizes()[i] == sizes[i + more]) {
      strides[i + more] = tensor.strides()[i];
    } else if (tensor.sizes()[i] != 1) {
      bad("a shape that can be expanded to " + to_string(sizes), to_string(tensor.sizes()));
    }
  }
  return strides;
}

Sizes broadcast(const Sizes& a, const Sizes& b) {
  Sizes sizes(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) bad("shapes that fit together", to_string(a) + " and " + to_string(b));
    sizes[sizes.size() - 1 - i] = x == 1 ? y : x;
  }
  return sizes;
}

Tensor expand(const Tensor& tensor, const Sizes& sizes) {
  return tensor.view_as(sizes, expanded_strides(tensor, sizes), tensor.offset());
}

Tensor transposed(const Tensor& tensor, std::int64_t a, std::int64_t b) {
  Sizes order(tensor.sizes().size());
  std::iota(order.begin(), order.end(), 0);
  if (!order.empty()) std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  return permuted(tensor, order);
}

Tensor permuted(const Tensor& tensor, const Sizes& order) {
  Sizes sizes;
  Sizes strides;
  for (const std::int64_t axis : order) {
    sizes.push_back(tensor.size(axis));
    strides.push_back(tensor.stride(axis));
  }
  return tensor.view_as(std::move(sizes), std::move(strides), tensor.offset());
}

Tensor selected(const Tensor& tensor, std::int64_t axis, std::int64_t index) {
  if (tensor.rank() == 0) bad("a tensor with axes", "one without");
  const std::int64_t size = tensor.size(axis);
  if (index < -size || index >= size) {
    bad("an index from " + std::to_string(-size) + " to " + std::to_string(size - 1), std::to_string(index));
  }
  if (index < 0) index += size;
  Sizes sizes = tensor.sizes();
  Sizes strides = tensor.strides();
  sizes.erase(sizes.begin() + axis);
  strides.erase(strides.begin() + axis);
  return tensor.view_as(std::move(sizes), std::move(strides), tensor.offset() + index * tensor.stride(axis));
}

Tensor narrowed(const Tensor& tensor, std::int64_t axis, std::int64_t start, std::int64_t count) {
  if (tensor.rank() == 0) bad("a tensor with axes", "one without");
  if (start < 0 || count < 0 || start > tensor.size(axis) || count > tensor.size(axis) - start) {
    bad("a range within " + std::to_string(tensor.size(axis)),
        std::to_string(count) + " from " + std::to_string(start) + " on");
  }
  Sizes sizes = tensor.sizes();
  sizes[static_cast<std::size_t>(axis)] = count;
  const std::int64_t offset = tensor.offset() + (start == 0 ? 0 : start * tensor.stride(axis));
  return tensor.view_as(std::move(sizes), tensor.strides(), offset);
}

Tensor unsqueezed(const Tensor& tensor, std::int64_t axis) {
  Sizes sizes = tensor.sizes();
  Sizes strides = tensor.strides();
  const auto at = static_cast<std::size_t>(axis);
  std::int64_t stride = 1;
  if (at < sizes.size() && __builtin_mul_overflow(sizes[at], strides[at], &stride)) stride = 1;
  sizes.insert(sizes.begin() + axis, 1);
  strides.insert(strides.begin() + axis, stride);
  return tensor.view_as(std::move(sizes), std::move(strides), tensor.offset());
}

std::optional<Sizes> view_strides(const Tensor& tensor, const Sizes& sizes) {
  if (tensor.elements() == 0) {
    return sizes == tensor.sizes() ? tensor.strides() : contiguous_strides(sizes);
  }
  // Runs of axes that lie one behind the other in memory are one axis; the new sizes have to cut these alone.
  Sizes strides(sizes.size(), 1);
  std::size_t next = sizes.size();
  std::int64_t run = 1;
  std::int64_t base = 1;
  const Sizes& old = tensor.sizes();
  for (std::size_t axis = old.size(); axis-- > 0;) {
    if (run == 1) base = tensor.strides()[axis];
    run *= old[axis];
    const bool ends = axis == 0 || (old[axis - 1] != 1 && tensor.strides()[axis - 1] != run * base);
    if (!ends) continue;
    std::int64_t covered = 1;
    while (next > 0 && (covered < run || sizes[next - 1] == 1)) {
      strides[next - 1] = covered * base;
      covered *= sizes[next - 1];
      --next;
    }
    if (covered != run) return std::nullopt;
    run = 1;
  }
  if (next != 0) {
    for (std::size_t i = 0; i < next; ++i) {
      if (sizes[i] != 1) return std::nullopt;
    }
  }
  return strides;
}

Tensor cast(Call& call, const Tensor& tensor, ElementType type) {
  if (tensor.type() == type) return tensor;
  Tensor result = empty_like(call, type, tensor);
  if (all_known(result, tensor)) copy_values(result, tensor);
  return result;
}

Tensor contiguous(Call& call, const Tensor& tensor) { return tensor.contiguous() ? tensor : copied(call, tensor); }

Tensor copied(Call& call, const Tensor& tensor) {
  Tensor result = call.make(tensor.type(), tensor.sizes());
  if (all_known(result, tensor)) copy_values(result, tensor);
  return result;
}

Sizes inferred(const Call& call, Sizes sizes, std::int64_t elements) {
  std::int64_t product = 1;
  std::ptrdiff_t missing = -1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1 && missing < 0) {
      missing = static_cast<std::ptrdiff_t>(i);
    } else if (sizes[i] < 0 || __builtin_mul_overflow(product, sizes[i], &product)) {
      call.fail("a shape with " + std::to_string(elements) + " elements", to_string(sizes));
    }
  }
  if (missing >= 0) {
    if (product == 0 || elements % product != 0) {
      call.fail("a shape with " + std::to_string(elements) + " elements", to_string(sizes));
    }
    sizes[static_cast<std::size_t>(missing)] = elements / product;
  } else if (product != elements) {
    call.fail("a shape with " + std::to_string(elements) + " elements", to_string(sizes));
  }
  return sizes;
}

Tensor reshaped(Call& call, const Tensor& tensor, Sizes sizes) {
  sizes = inferred(call, std::move(sizes), tensor.elements());
  if (const auto strides = view_strides(tensor, sizes)) return tensor.view_as(sizes, *strides, tensor.offset());
  const Tensor copy = copied(call, tensor);
  return copy.view_as(sizes, contiguous_strides(sizes), 0);
}

Tensor make_like(Call& call, ElementType type, const Sizes& sizes, std::initializer_list<const Tensor*> operands) {
  Tensor plain = call.make(type, sizes);
  const std::size_t rank = sizes.size();
  if (rank < 2) return plain;
  std::vector<Sizes> strides;
  bool all_plain = true;
  for (const Tensor* operand : operands) {
    strides.push_back(expanded_strides(*operand, sizes));
    all_plain = all_plain && (operand->rank() == 0 || (operand->sizes() == sizes && operand->contiguous()));
  }
  if (all_plain) return plain;
  const auto compare = [&](std::size_t a, std::size_t b) {
    for (const Sizes& one : strides) {
      if (one[a] == 0 || one[b] == 0) continue;
      if (one[a] != one[b]) return one[a] < one[b] ? -1 : 1;
      if (sizes[a] > sizes[b]) return 1;
    }
    return 0;
  };
  std::vector<std::size_t> order(rank);  // from the fastest axis on
  for (std::size_t i = 0; i < rank; ++i) order[i] = rank - 1 - i;
  for (std::size_t i = 1; i < rank; ++i) {
    std::size_t moving = i;
    for (std::size_t other = i; other-- > 0;) {
      const int comparison = compare(order[other], order[moving]);
      if (comparison < 0) break;
      if (comparison == 0) continue;
      std::swap(order[other], order[moving]);
      moving = other;
    }
  }
  Sizes result(rank);
  std::int64_t stride = 1;
  for (const std::size_t axis : order) {
    result[axis] = stride;
    stride *= std::max<std::int64_t>(sizes[axis], 1);
  }
  return plain.view_as(sizes, std::move(result), 0);
}

Tensor empty_like(Call& call, ElementType type, const Tensor& like) {
  Tensor plain = call.make(type, like.sizes());
  std::vector<std::size_t> order(like.sizes().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    // An axis of one element lies anywhere: where its stride says.
    return like.strides()[a] > like.strides()[b];
  });
  std::int64_t expected = 1;
  Sizes strides(order.size());
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::size_t axis = order[i];
    if (like.sizes()[axis] != 1 && like.strides()[axis] != expected) return plain;
    strides[axis] = like.sizes()[axis] == 1 ? expected : like.strides()[axis];
    expected *= like.sizes()[axis];
  }
  return plain.elements() == 0 ? plain : plain.view_as(like.sizes(), std::move(strides), 0);
}

void fill(const Tensor& tensor, const Value& number) {
  if (!tensor.known()) return;
  copy_values(tensor, wrap(number));
}

}  // namespace bertrt::graph
