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

/// Where the groups of a tile's rows stand, in groups, by fours that begin where a block does.
class TilePlaces {
 public:
  TilePlaces(const isa::TileKernels& tiles, std::size_t rows)
      : rows_(tiles.whole_rows(rows)), blocked_(tiles.layout == isa::InputLayout::blocked) {}
  std::size_t four(std::size_t number, std::size_t row) const {
    return number * isa::kBlockGroups * rows_ + row * (blocked_ ? isa::kBlockGroups : 1);
  }
  std::size_t apart() const { return blocked_ ? 1 : rows_; }  ///< one of them from the next
  std::size_t rows() const { return rows_; }

 private:
  std::size_t rows_;
  bool blocked_;
};

}  // namespace bertrt::kernels
