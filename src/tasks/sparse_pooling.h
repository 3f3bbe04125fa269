#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bertrt/sparse_embedder.h"

namespace bertrt::tasks {

/// How logits over the vocabulary become one weight for each of its tokens.
struct SparseRule {
  bool sum = false;         ///< over the text's tokens; else their maximum
  bool double_log = false;  ///< log1p(log1p(relu(x))); else log1p(relu(x))
};

/// Folds one text's rows of logits, as they come, into one row.
class SparsePool {
 public:
  SparsePool(std::size_t vocabulary, SparseRule rule) : rule_(rule), row_(vocabulary) {}

  /// @param logits  [rows, vocabulary]
  void add(std::span<const float> logits);
  /// @param max_active  0: all
  SparseVector take(std::size_t max_active) &&;

 private:
  SparseRule rule_;
  std::vector<float> row_;  // max: of relu(x), as the logarithm can wait; sum: of the weights
};

/// The greatest `max_active` of a vector's weights, the lower id first among equals; 0: all.
SparseVector keep_greatest(SparseVector vector, std::size_t max_active);

}  // namespace bertrt::tasks
