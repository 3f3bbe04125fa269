#include "tasks/answer_spans.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "bertrt/tokenizer.h"
#include "tasks/code_points.h"
#include "tasks/lower_case.h"
#include "text/utf8.h"

namespace bertrt::tasks {
namespace {

constexpr float kForbidden = -10000;

bool is_better(const TokenSpan& a, const TokenSpan& b) {
  if (a.score != b.score) return a.score > b.score;
  return std::pair(a.first, a.last) < std::pair(b.first, b.last);
}

}  // namespace

std::vector<TokenSpan> best_spans(std::span<const float> start, std::span<const float> end, std::size_t longest,
                                  std::size_t count) {
  std::vector<TokenSpan> heap;  // the worst of the best in front
  if (count == 0) return heap;
  for (std::size_t first = 0; first < start.size(); ++first) {
    if (!(start[first] > 0)) continue;
    const std::size_t stop = first + std::min(longest, end.size() - first);
    for (std::size_t last = first; last < stop; ++last) {
      const TokenSpan span{first, last, start[first] * end[last]};
      if (!(span.score > 0)) continue;
      if (heap.size() == count) {
        if (!is_better(span, heap.front())) continue;
        std::pop_heap(heap.begin(), heap.end(), is_better);
        heap.pop_back();
      }
      heap.push_back(span);
      std::push_heap(heap.begin(), heap.end(), is_better);
    }
  }
  std::sort_heap(heap.begin(), heap.end(), is_better);
  return heap;
}

std::vector<float> allowed_softmax(std::span<const float> logits, const std::vector<bool>& allowed) {
  std::vector<float> values(logits.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = allowed[i] ? logits[i] : kForbidden;
  const float largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (float& value : values) {
    value = std::exp(value - largest);
    sum += static_cast<double>(value);
  }
  for (float& value : values) value = static_cast<float>(static_cast<double>(value) / sum);
  return values;
}

void AnswerCollector::take(const Encoding& window, std::span<const float> start_logits,
                           std::span<const float> end_logits, std::int32_t cls) {
  std::vector<bool> allowed(window.size());
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    allowed[i] = context_ == 0 || window.sequence_ids[i] == 1 || (cls >= 0 && window.input_ids[i] == cls);
  }
  std::vector<float> start = allowed_softmax(start_logits, allowed);
  std::vector<float> end = allowed_softmax(end_logits, allowed);
  no_answer_ = std::min(no_answer_, static_cast<double>(start.front() * end.front()));
  start.front() = 0;
  end.front() = 0;

  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 4;
  const std::size_t top_k = std::min(options_.top_k, kMost);
  const std::size_t count = options_.align_to_words ? 2 * top_k + 10 : top_k;
  for (const TokenSpan& span : best_spans(start, end, options_.max_answer_length, count)) {
    if (!allowed[span.first] || !allowed[span.last]) continue;
    const Offset at = place(window, span);
    const std::string_view text =
        at.end > at.begin ? asked_.context.substr(at.begin, at.end - at.begin) : std::string_view();
    const auto [entry, is_new] = by_text_.emplace(lower_case(text), found_.size());
    if (is_new) {
      found_.push_back({static_cast<double>(span.score), at.begin, at.end});
    } else {
      found_[entry->second].score += static_cast<double>(span.score);
    }
  }
}

// Whole words, where both ends lie in one.
Offset AnswerCollector::place(const Encoding& window, const TokenSpan& span) const {
  const Offset plain{in_context(window, span.first, window.offsets[span.first].begin),
                     in_context(window, span.last, window.offsets[span.last].end)};
  if (!options_.align_to_words) return plain;
  const std::int32_t first = window.word_ids[span.first];
  const std::int32_t last = window.word_ids[span.last];
  if (first < 0 || last < 0) return plain;
  const auto from = word_to_tokens(window, first, context_);
  const auto to = word_to_tokens(window, last, context_);
  if (!from || !to) return plain;
  return {window.offsets[from->first].begin, window.offsets[to->second - 1].end};
}

// Python cuts the context at the question's own places, which are code points.
std::uint32_t AnswerCollector::in_context(const Encoding& window, std::size_t token, std::uint32_t byte) const {
  if (window.sequence_ids[token] < 0 || window.sequence_ids[token] == context_) return byte;
  const std::size_t before = text::count_code_points(asked_.question.substr(0, byte));
  return static_cast<std::uint32_t>(byte_of_code_point(asked_.context, before));
}

std::vector<Answer> AnswerCollector::finish() {
  std::vector<Found> found = std::exchange(found_, {});
  by_text_.clear();
  if (options_.handle_impossible) found.push_back({no_answer_, 0, 0});
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
  if (found.size() > options_.top_k) found.resize(options_.top_k);
  const bool counts = options_.offsets == OffsetUnit::code_points && !found.empty();
  const CodePoints points(counts ? asked_.context : std::string_view());
  std::vector<Answer> answers;
  for (const Found& one : found) {
    const std::string_view text =
        one.end > one.start ? asked_.context.substr(one.start, one.end - one.start) : std::string_view();
    answers.push_back({std::string(text), static_cast<float>(one.score), one.start, one.end});
    if (!counts) continue;
    answers.back().start = points.before(one.start);
    answers.back().end = points.before(one.end);
  }
  return answers;
}

}  // namespace bertrt::tasks
