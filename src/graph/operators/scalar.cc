#include "graph/operators/scalar.h"

#include "bertrt/error.h"
#include "graph/operators/loops.h"

namespace bertrt::graph {

Value item_of(const Tensor& tensor) {
  if (tensor.elements() != 1) {
    throw Error(ErrorCode::runtime, "item", "a tensor of one element", to_string(tensor.sizes()));
  }
  if (!tensor.known()) {
    throw Error(ErrorCode::unsupported, "item", "a number that does not depend on the model's weights",
                "one that does: not graphable");
  }
  if (tensor.type() == ElementType::boolean) return Value(*tensor.data<std::uint8_t>() != 0);
  return with_type(tensor.type(), [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) return Value(static_cast<double>(*tensor.data<T>()));
    return Value(static_cast<std::int64_t>(*tensor.data<T>()));
  });
}

std::int64_t to_integer(const Value& number) {
  if (const bool* flag = number.boolean()) return *flag ? 1 : 0;
  if (const std::int64_t* integer = number.integer()) return *integer;
  const double* real = number.real();
  if (real == nullptr) throw Error(ErrorCode::runtime, "number", "a number", describe(number));
  if (!(*real >= -0x1p63 && *real < 0x1p63)) {
    throw Error(ErrorCode::runtime, "number", "a number within 64 bits", describe(number));
  }
  return static_cast<std::int64_t>(*real);
}

double to_real(const Value& number) {
  if (const double* real = number.real()) return *real;
  return static_cast<double>(to_integer(number));
}

std::uint64_t range_length(std::int64_t low, std::int64_t high, std::int64_t step) {
  if (step > 0 ? high <= low : high >= low) return 0;
  const auto from = static_cast<std::uint64_t>(low);
  const auto to = static_cast<std::uint64_t>(high);
  const std::uint64_t span = step > 0 ? to - from : from - to;
  const std::uint64_t by =
      step > 0 ? static_cast<std::uint64_t>(step) : std::uint64_t{0} - static_cast<std::uint64_t>(step);
  return span / by + (span % by != 0 ? 1 : 0);
}

Tensor wrap(const Value& number) {
  Tensor tensor;
  if (const bool* flag = number.boolean()) {
    tensor = Tensor::scalar(static_cast<std::int64_t>(*flag), ElementType::boolean);
  } else if (const std::int64_t* integer = number.integer()) {
    tensor = Tensor::scalar(*integer, ElementType::int64);
  } else {
    tensor = Tensor::scalar(to_real(number), ElementType::float64);
  }
  tensor.storage()->varies = number.varies;
  tensor.wrapped_number = true;
  return tensor;
}

}  // namespace bertrt::graph
