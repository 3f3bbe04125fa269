#include "graph/tensor.h"

#include <algorithm>
#include <cstring>

#include "bertrt/error.h"
#include "graph/operators/loops.h"

namespace bertrt::graph {
namespace {

[[noreturn]] void bad(std::string_view expected, std::string_view found) {
  throw Error(ErrorCode::runtime, "tensor", std::string(expected), std::string(found));
}

template <typename To>
std::vector<To> in_order(const Tensor& tensor) {
  if (!tensor.known()) bad("known values", "a tensor of which only the shape is known");
  std::vector<To> values(static_cast<std::size_t>(tensor.elements()));
  const Sizes rows = contiguous_strides(tensor.sizes());
  with_type(tensor.type(), [&]<typename From>() {
    const From* from = tensor.data<From>();
    walk<2>(tensor.sizes(), {&rows, &tensor.strides()}, [&](std::int64_t n, const auto& at, const auto& step) {
      for (std::int64_t i = 0; i < n; ++i) {
        values[static_cast<std::size_t>(at[0] + i * step[0])] = static_cast<To>(from[at[1] + i * step[1]]);
      }
    });
  });
  return values;
}

}  // namespace

std::string to_string(const Sizes& sizes) {
  std::string text = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(sizes[i]);
  return text + "]";
}

std::int64_t count_elements(const Sizes& sizes) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t size : sizes) {
    if (size < 0) bad("sizes that are not negative", to_string(sizes));
    empty = empty || size == 0;
    if (__builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count)) {
      bad("a number of elements that memory could hold", to_string(sizes));
    }
  }
  return empty ? 0 : count;
}

Sizes contiguous_strides(const Sizes& sizes) {
  count_elements(sizes);
  Sizes strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<std::int64_t>(sizes[axis], 1);
  }
  return strides;
}

Tensor::Tensor(std::shared_ptr<Storage> storage, Sizes sizes, Sizes strides, std::int64_t offset)
    : storage_(std::move(storage)), sizes_(std::move(sizes)), strides_(std::move(strides)), offset_(offset) {
  if (sizes_.size() != strides_.size()) bad("a stride for each axis", std::to_string(strides_.size()) + " strides");
  if (sizes_.size() > kMaxRank) bad("at most 64 axes", std::to_string(sizes_.size()));
  const bool empty = count_elements(sizes_) == 0;
  if (offset_ < 0) bad("an offset that is not negative", std::to_string(offset_));
  std::int64_t last = offset_;
  for (std::size_t axis = 0; axis < sizes_.size(); ++axis) {
    std::int64_t reach = 0;
    if (strides_[axis] < 0) bad("strides that are not negative", to_string(strides_));
    if (__builtin_mul_overflow(std::max<std::int64_t>(sizes_[axis] - 1, 0), strides_[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      bad("a view within its storage", "strides " + to_string(strides_));
    }
  }
  if (empty ? offset_ > storage_->elements() : last >= storage_->elements()) {
    // An empty view may start anywhere: nothing is read through it.
    if (empty) {
      offset_ = 0;
      return;
    }
    bad("a view within its storage of " + std::to_string(storage_->elements()) + " elements",
        "sizes " + to_string(sizes_) + ", strides " + to_string(strides_) + ", offset " + std::to_string(offset_));
  }
}

Tensor Tensor::make(ElementType type, Sizes sizes, bool known, std::shared_ptr<MemoryMeter> meter) {
  Sizes strides = contiguous_strides(sizes);
  const std::int64_t elements = count_elements(sizes);
  return Tensor(
      known ? Storage::make(type, elements, std::move(meter)) : Storage::unknown(type, elements, std::move(meter)),
      std::move(sizes), std::move(strides), 0);
}

Tensor Tensor::from_archive(const archive::TensorView& view, const std::shared_ptr<const void>& keep) {
  return Tensor(Storage::view(view.type, view.storage, keep), view.shape, view.strides, view.storage_offset);
}

archive::TensorView archive_view(const Tensor& tensor) {
  const auto stored = tensor.storage()->stored();
  if (!stored) throw Error(ErrorCode::runtime, "tensor", "one that is stored in the archive", "another");
  return {stored->first, tensor.sizes(), tensor.strides(), tensor.offset(), stored->second, ""};
}

Tensor Tensor::scalar(double value, ElementType type) {
  Tensor tensor = make(type, {});
  with_type(type, [&]<typename T>() { *tensor.mutable_data<T>() = convert<T>(value); });
  if (type == ElementType::boolean) *tensor.mutable_data<std::uint8_t>() = value != 0 ? 1 : 0;
  return tensor;
}

Tensor Tensor::scalar(std::int64_t value, ElementType type) {
  Tensor tensor = make(type, {});
  with_type(type, [&]<typename T>() { *tensor.mutable_data<T>() = static_cast<T>(value); });
  if (type == ElementType::boolean) *tensor.mutable_data<std::uint8_t>() = value != 0 ? 1 : 0;
  return tensor;
}

std::int64_t Tensor::elements() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes_) count *= size;
  return count;
}

bool Tensor::contiguous() const noexcept {
  std::int64_t expected = 1;
  if (elements() == 0) return true;
  for (std::size_t axis = sizes_.size(); axis-- > 0;) {
    if (sizes_[axis] != 1 && strides_[axis] != expected) return false;
    expected *= sizes_[axis];
  }
  return true;
}

Tensor Tensor::view_as(Sizes sizes, Sizes strides, std::int64_t offset) const {
  return Tensor(storage_, std::move(sizes), std::move(strides), offset);
}

Tensor Tensor::on(std::shared_ptr<Storage> storage) const {
  Tensor tensor(std::move(storage), sizes_, strides_, offset_);
  tensor.wrapped_number = wrapped_number;
  return tensor;
}

std::vector<float> to_floats(const Tensor& tensor) {
  if (!is_floating(tensor.type())) bad("a floating tensor", std::string(archive::to_string(tensor.type())));
  return in_order<float>(tensor);
}

std::vector<std::int64_t> to_integers(const Tensor& tensor) {
  if (is_floating(tensor.type())) bad("a tensor of integers", std::string(archive::to_string(tensor.type())));
  return in_order<std::int64_t>(tensor);
}

std::vector<std::uint8_t> to_truths(const Tensor& tensor) {
  if (tensor.type() != ElementType::boolean) {
    bad("a tensor of booleans", std::string(archive::to_string(tensor.type())));
  }
  return in_order<std::uint8_t>(tensor);
}

bool is_floating(ElementType type) noexcept { return type == ElementType::float32 || type == ElementType::float64; }

bool is_integral(ElementType type) noexcept { return !is_floating(type) && type != ElementType::boolean; }

}  // namespace bertrt::graph
