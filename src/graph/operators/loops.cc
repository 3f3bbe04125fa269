#include "graph/operators/loops.h"

namespace bertrt::graph {

Rows::Rows(const Sizes& sizes, std::span<const Sizes* const> strides) : operands_(strides.size()) {
  if (sizes.size() > Tensor::kMaxRank || operands_ > kMostOperands) {
    throw Error(ErrorCode::runtime, "tensor", "at most 64 axes", std::to_string(sizes.size()));
  }
  std::size_t axes = 0;  // joined ones
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 0) {
      empty_ = true;
      return;
    }
    if (sizes[axis] == 1) continue;
    bool joined = axes != 0;
    for (std::size_t i = 0; i < operands_ && joined; ++i) {
      joined = step_[axes - 1][i] == (*strides[i])[axis] * sizes[axis];
    }
    if (joined) {
      size_[axes - 1] *= sizes[axis];
    } else {
      size_[axes++] = sizes[axis];
    }
    for (std::size_t i = 0; i < operands_; ++i) step_[axes - 1][i] = (*strides[i])[axis];
  }
  if (axes == 0) return;
  outer_ = axes - 1;
  length_ = size_[outer_];
  for (std::size_t i = 0; i < operands_; ++i) inner_[i] = step_[outer_][i];
  for (std::size_t axis = 0; axis < outer_; ++axis) index_[axis] = 0;
}

bool Rows::next() noexcept {
  for (std::size_t axis = outer_; axis-- > 0;) {
    for (std::size_t i = 0; i < operands_; ++i) at_[i] += step_[axis][i];
    if (++index_[axis] < size_[axis]) return true;
    for (std::size_t i = 0; i < operands_; ++i) at_[i] -= step_[axis][i] * size_[axis];
    index_[axis] = 0;
  }
  return false;
}

}  // namespace bertrt::graph
