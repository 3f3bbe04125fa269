#include "tasks/span_means.h"

#include <algorithm>

namespace bertrt::tasks {

SpanMeans::SpanMeans(std::span<const Offset> spans, std::size_t width)
    : spans_(spans), width_(width), sums_(spans.size() * width), counts_(spans.size()) {}

void SpanMeans::add(const Encoding& window, std::span<const float> rows, std::size_t front, std::size_t back) {
  std::vector<std::size_t> tokens;
  for (std::size_t token = 0; token < window.size(); ++token) {
    if (window.special_tokens_mask[token] == 0) tokens.push_back(token);
  }
  if (front + back >= tokens.size()) return;
  const std::span<const std::size_t> own = std::span(tokens).subspan(front, tokens.size() - front - back);
  const auto offset = [&](std::size_t token) { return window.offsets[token]; };
  for (std::size_t s = 0; s < spans_.size(); ++s) {
    if (spans_[s].begin == spans_[s].end) continue;
    // Offsets of a text's tokens ascend, so that a span's tokens are neighbours.
    const auto* at = std::partition_point(own.data(), own.data() + own.size(),
                                          [&](std::size_t token) { return offset(token).end <= spans_[s].begin; });
    for (; at != own.data() + own.size() && offset(*at).begin < spans_[s].end; ++at) {
      if (offset(*at).begin == offset(*at).end) continue;
      const std::span<const float> row = rows.subspan(*at * width_, width_);
      for (std::size_t i = 0; i < width_; ++i) sums_[s * width_ + i] += static_cast<double>(row[i]);
      ++counts_[s];
    }
  }
}

std::vector<float> SpanMeans::take() && {
  std::vector<float> means(sums_.size());
  for (std::size_t s = 0; s < spans_.size(); ++s) {
    const double count = static_cast<double>(std::max<std::size_t>(counts_[s], 1));
    for (std::size_t i = s * width_; i < (s + 1) * width_; ++i) means[i] = static_cast<float>(sums_[i] / count);
  }
  return means;
}

}  // namespace bertrt::tasks
