#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace bertrt::tasks {

/// Softmax of one row of logits, computed once in double and asked for single entries. Holds no copy of the row: it
/// must outlive this object.
class Softmax {
 public:
  explicit Softmax(std::span<const float> logits);
  float probability(std::size_t index) const;

 private:
  std::span<const float> logits_;
  double largest_ = 0;
  double sum_ = 0;
};

/// Indexes of the `count` largest values (all, when there are fewer), best first; of equals the lower index first.
std::vector<std::size_t> top_indices(std::span<const float> values, std::size_t count);

}  // namespace bertrt::tasks
