#include "tasks/token_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bertrt::tasks {

std::vector<std::vector<std::size_t>> plan_token_batches(std::span<const std::size_t> lengths, std::size_t max_tokens) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<std::size_t>> batches;
  std::size_t room = 0;
  for (const std::size_t index : order) {
    if (batches.empty() || lengths[index] > room) {
      batches.emplace_back();
      room = std::max(max_tokens, lengths[index]);
    }
    batches.back().push_back(index);
    room -= lengths[index];
  }
  return batches;
}

void for_token_batches(
    std::span<const Encoding> encodings, std::size_t max_tokens,
    const std::function<void(std::span<const Encoding* const> batch, std::span<const std::size_t> indexes)>& run) {
  std::vector<std::size_t> lengths;
  lengths.reserve(encodings.size());
  for (const Encoding& encoding : encodings) lengths.push_back(encoding.size());
  std::vector<const Encoding*> batch;
  for (const std::vector<std::size_t>& indexes : plan_token_batches(lengths, max_tokens)) {
    batch.clear();
    for (const std::size_t index : indexes) batch.push_back(&encodings[index]);
    run(batch, indexes);
  }
}

std::vector<std::string> take_texts(const std::function<std::optional<std::string>()>& next) {
  constexpr std::size_t kBytes = std::size_t{4} << 20U;
  std::vector<std::string> texts;
  for (std::size_t bytes = 0; texts.size() < kShare && bytes < kBytes;) {
    std::optional<std::string> text = next();
    if (!text) break;
    bytes += text->size();
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace bertrt::tasks
