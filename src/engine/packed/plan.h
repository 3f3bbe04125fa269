#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "batch/batch.h"

namespace bertrt::engine::packed {

/// How the threads share out a batch.
///
/// Either each thread takes texts of its own through the whole encoder, so that nobody waits for anybody until the end
/// (when the texts can be shared out evenly, and each share is worth the weights that it reads); or there is one share,
/// whose every step all threads do together.
class Plan {
 public:
  /// Reuses the plan's memory.
  /// @param hidden  the model's hidden_size: attention's part in the cost of a text grows with length / hidden
  void make(const batch::Batch& batch, std::size_t hidden, std::size_t threads);

  std::size_t shares() const noexcept { return borders_.size() - 1; }
  /// Numbers of the batch's texts.
  std::span<const std::size_t> texts(std::size_t share) const {
    return std::span(order_).subspan(borders_[share], borders_[share + 1] - borders_[share]);
  }

 private:
  bool share_out(const batch::Batch& batch, std::size_t hidden, std::size_t threads);

  std::vector<std::size_t> order_;     // texts, share by share
  std::vector<std::size_t> borders_;   // [shares + 1] in order_
  std::vector<std::size_t> share_of_;  // [texts]
  std::vector<double> loads_;          // [shares]
};

}  // namespace bertrt::engine::packed
