#include "engine/packed/plan.h"

#include <algorithm>
#include <numeric>

namespace bertrt::engine::packed {
namespace {

// Fewer tokens than this do not keep a thread busy for the time that its layer's weights take from memory.
constexpr std::size_t kLeastTokens = 48;
// How much longer than an even one the longest share may be: what waiting for each other at every step costs, or less.
constexpr double kUneven = 1.05;

// Of a text, in tokens: attention's cost is about length / (kAttention hidden) of the rest.
double cost(std::size_t length, std::size_t hidden) {
  constexpr double kAttention = 3;
  const auto n = static_cast<double>(length);
  return n * (1 + n / (kAttention * static_cast<double>(hidden)));
}

}  // namespace

void Plan::make(const batch::Batch& batch, std::size_t hidden, std::size_t threads) {
  order_.resize(batch.size());
  if (threads > 1 && batch.size() >= threads && batch.total_tokens() >= threads * kLeastTokens &&
      share_out(batch, hidden, threads)) {
    return;
  }
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  borders_.assign({0, batch.size()});
}

// Longest text first, each to the share that has least so far.
bool Plan::share_out(const batch::Batch& batch, std::size_t hidden, std::size_t threads) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return batch.length(a) != batch.length(b) ? batch.length(a) > batch.length(b) : a < b;
  });
  loads_.assign(threads, 0);
  share_of_.resize(batch.size());
  for (const std::size_t text : order_) {
    const auto least = std::min_element(loads_.begin(), loads_.end());
    share_of_[text] = static_cast<std::size_t>(least - loads_.begin());
    *least += cost(batch.length(text), hidden);
  }
  const double total = std::accumulate(loads_.begin(), loads_.end(), 0.0);
  const double most = *std::max_element(loads_.begin(), loads_.end());
  if (most * static_cast<double>(threads) > total * kUneven) return false;

  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return share_of_[a] != share_of_[b] ? share_of_[a] < share_of_[b] : a < b;
  });
  borders_.assign(1, 0);
  for (std::size_t i = 1; i < order_.size(); ++i) {
    if (share_of_[order_[i]] != share_of_[order_[i - 1]]) borders_.push_back(i);
  }
  borders_.push_back(order_.size());
  return true;
}

}  // namespace bertrt::engine::packed
