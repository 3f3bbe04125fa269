#include "archive/pickle_shape.h"

#include <algorithm>

#include "bertrt/error.h"

namespace bertrt::archive {

void PickleShape::check() {
  extents_.resize(pickle_.nodes_.size());
  enter(pickle_.root_);
  while (!way_.empty()) {
    Step& step = way_.back();
    const auto held = children(step.id);
    if (step.next == held.size()) {
      leave(step.id);
      way_.pop_back();
      continue;
    }
    const std::uint32_t child = held[step.next++];
    if (extents_[child].open) {
      throw Error(ErrorCode::invalid_format, where_, "values that do not contain themselves", "one that does");
    }
    if (extents_[child].unfolded == 0) enter(child);
  }
}

std::span<const std::uint32_t> PickleShape::children(std::uint32_t id) const {
  const Pickle::Node& node = pickle_.nodes_[id];
  switch (node.kind) {
    case PickleKind::tuple:
    case PickleKind::list:
    case PickleKind::dict:
    case PickleKind::object:
    case PickleKind::tensor:
    case PickleKind::quantized_tensor:
    case PickleKind::storage: return std::span(pickle_.pool_).subspan(static_cast<std::size_t>(node.first), node.count);
    default: return {};
  }
}

void PickleShape::enter(std::uint32_t id) {
  if (way_.size() == Pickle::kMaxDepth) {
    throw Error(ErrorCode::invalid_format, where_,
                "values nested at most " + std::to_string(Pickle::kMaxDepth) + " deep", "deeper ones");
  }
  extents_[id].open = true;
  way_.push_back({id, 0});
}

void PickleShape::leave(std::uint32_t id) {
  std::uint64_t unfolded = 1;
  std::uint16_t depth = 0;
  for (const std::uint32_t child : children(id)) {
    unfolded += extents_[child].unfolded;
    depth = std::max(depth, extents_[child].depth);
  }
  if (unfolded > Pickle::kMaxUnfolded) {
    throw Error(ErrorCode::unsupported, where_,
                "a pickle of at most " + std::to_string(Pickle::kMaxUnfolded) + " values when references are followed",
                "more");
  }
  // A value that was met before counts with its own depth, on whatever way it is reached.
  if (depth >= Pickle::kMaxDepth) {
    throw Error(ErrorCode::invalid_format, where_,
                "values nested at most " + std::to_string(Pickle::kMaxDepth) + " deep", "deeper ones");
  }
  extents_[id] = {static_cast<std::uint32_t>(unfolded), static_cast<std::uint16_t>(depth + 1), false};
}

}  // namespace bertrt::archive
