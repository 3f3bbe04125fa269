#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/isa/kernels.h"

namespace bertrt::kernels {

/// How rows are cut into tiles: as few as the kernels allow, of equal size give or take one step of theirs, the last
/// one perhaps not filled.
class Tiling {
 public:
  Tiling(std::size_t rows, const isa::TileKernels& kernels) : rows_(rows), step_(kernels.row_step()) {
    const std::size_t steps = (rows + step_ - 1) / step_;
    const std::size_t most = kernels.max_rows / step_;
    count_ = (steps + most - 1) / most;
    each_ = steps / count_;
    more_ = steps % count_;
  }

  std::size_t rows() const noexcept { return rows_; }
  std::size_t count() const noexcept { return count_; }
  std::size_t first(std::size_t tile) const noexcept {
    return std::min(rows_, (tile * each_ + std::min(tile, more_)) * step_);
  }
  std::size_t size(std::size_t tile) const noexcept { return first(tile + 1) - first(tile); }
  std::size_t largest() const noexcept { return (each_ + 1) * step_; }  ///< no tile has more

 private:
  std::size_t rows_;
  std::size_t step_;
  std::size_t count_;
  std::size_t each_;
  std::size_t more_;  // so many tiles have one step more
};

}  // namespace bertrt::kernels
