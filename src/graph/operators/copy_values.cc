// Copies between tensors: by item size where the types are the same, else by way of int64 or double, which hold every
// value of the others, so that there are two loops a type and not one a pair of types.
#include <algorithm>
#include <array>

#include "graph/operators/common.h"

namespace bertrt::graph {
namespace {

// Values that are converted at a time.
constexpr std::int64_t kBlock = 256;

template <typename T>
void copy_items(Rows& rows, const Tensor& target, const Tensor& source) {
  T* const to = target.mutable_data<T>();
  const T* const from = source.data<T>();
  const auto& step = rows.step();
  do {
    T* t = to + rows.at()[0];
    const T* f = from + rows.at()[1];
    if (step[0] == 1 && step[1] == 1) {
      std::copy_n(f, rows.length(), t);
    } else {
      for (std::int64_t i = 0; i < rows.length(); ++i) t[i * step[0]] = f[i * step[1]];
    }
  } while (rows.next());
}

template <typename Wide>
using Block = std::array<Wide, kBlock>;

template <typename Wide>
void read_block(const Tensor& source, std::int64_t at, std::int64_t step, std::int64_t count, Block<Wide>& block) {
  with_type(source.type(), [&]<typename From>() {
    const From* from = source.data<From>() + at;
    for (std::int64_t i = 0; i < count; ++i) block[static_cast<std::size_t>(i)] = static_cast<Wide>(from[i * step]);
  });
}

template <typename Wide>
void write_block(const Tensor& target, std::int64_t at, std::int64_t step, std::int64_t count,
                 const Block<Wide>& block) {
  if (target.type() == ElementType::boolean) {
    std::uint8_t* to = target.mutable_data<std::uint8_t>() + at;
    for (std::int64_t i = 0; i < count; ++i) to[i * step] = block[static_cast<std::size_t>(i)] != 0 ? 1 : 0;
    return;
  }
  with_type(target.type(), [&]<typename To>() {
    To* to = target.mutable_data<To>() + at;
    for (std::int64_t i = 0; i < count; ++i) to[i * step] = convert<To>(block[static_cast<std::size_t>(i)]);
  });
}

template <typename Wide>
void convert_rows(Rows& rows, const Tensor& target, const Tensor& source) {
  Block<Wide> block;
  do {
    for (std::int64_t i = 0; i < rows.length(); i += kBlock) {
      const std::int64_t count = std::min(kBlock, rows.length() - i);
      read_block(source, rows.at()[1] + i * rows.step()[1], rows.step()[1], count, block);
      write_block(target, rows.at()[0] + i * rows.step()[0], rows.step()[0], count, block);
    }
  } while (rows.next());
}

}  // namespace

void copy_values(const Tensor& target, const Tensor& source) {
  const Sizes strides = expanded_strides(source, target.sizes());
  const std::array<const Sizes*, 2> both{&target.strides(), &strides};
  Rows rows(target.sizes(), both);
  if (rows.empty()) return;
  if (target.type() != source.type()) {
    if (is_floating(source.type())) {
      convert_rows<double>(rows, target, source);
    } else {
      convert_rows<std::int64_t>(rows, target, source);
    }
    return;
  }
  with_item(target.type(), [&]<typename T>() { copy_items<T>(rows, target, source); });
}

}  // namespace bertrt::graph
