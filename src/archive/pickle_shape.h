#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "archive/pickle.h"

namespace bertrt::archive {

/// Holds a pickle that was read to its promise that it can be walked: no cycles, bounded depth, a bounded number of
/// values when every reference is followed. Used by Pickle's constructor alone.
class PickleShape {
 public:
  PickleShape(const Pickle& pickle, const std::string& where) : pickle_(pickle), where_(where) {}

  /// In time and memory linear in the pickle's values, without recursion. @throws Error invalid_format, unsupported
  void check();

 private:
  // What is known of a value once all that it holds is known; 0: nothing yet.
  struct Extent {
    std::uint32_t unfolded = 0;  // itself and all below it, as often as they are reached
    std::uint16_t depth = 0;
    bool open = false;  // a walk is inside of it
  };
  struct Step {
    std::uint32_t id = 0;
    std::uint32_t next = 0;  // child
  };

  std::span<const std::uint32_t> children(std::uint32_t id) const;
  void enter(std::uint32_t id);
  void leave(std::uint32_t id);

  const Pickle& pickle_;
  const std::string& where_;
  std::vector<Extent> extents_;
  std::vector<Step> way_;
};

}  // namespace bertrt::archive
