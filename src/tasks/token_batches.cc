#include "tasks/token_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"

namespace bertrt::tasks {

std::size_t logit_rows(std::size_t vocabulary) {
  constexpr std::size_t kBytes = std::size_t{128} << 20U;
  constexpr std::size_t kLeast = 16;
  return std::max(kLeast, kBytes / (sizeof(float) * std::max<std::size_t>(vocabulary, 1)));
}

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

TextStream::TextStream(const char* where, const Next& next, bool has_each) : where_(where), next_(next) {
  if (next && has_each) return;
  throw Error(ErrorCode::invalid_argument, where, "a function that gives the texts and one that takes the answers",
              std::string("an empty ") + (next ? "each" : "next"));
}

std::vector<std::string> TextStream::take() {
  constexpr std::size_t kBytes = std::size_t{4} << 20U;
  std::vector<std::string> texts;
  for (std::size_t bytes = 0; !ended_ && texts.size() < kShare && bytes < kBytes;) {
    std::optional<std::string> text = next_();
    ended_ = !text;
    if (ended_) break;
    bytes += text->size();
    base::or_out_of_memory(where_, [&] { texts.push_back(std::move(*text)); });
  }
  return texts;
}

}  // namespace bertrt::tasks
