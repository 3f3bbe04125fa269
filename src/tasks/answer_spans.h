#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/question_answering.h"

namespace bertrt::tasks {

/// Tokens first … last of a window, and the product of the two probabilities.
struct TokenSpan {
  std::size_t first = 0;
  std::size_t last = 0;
  float score = 0;
};

/// The `count` best spans of at most `longest` tokens with a score above 0, best first; of equals the one that begins,
/// then ends, earlier.
std::vector<TokenSpan> best_spans(std::span<const float> start, std::span<const float> end, std::size_t longest,
                                  std::size_t count);

/// Softmax of a window's logits, those of tokens that are not allowed put to -10000.
std::vector<float> allowed_softmax(std::span<const float> logits, const std::vector<bool>& allowed);

/// Which of the two a window begins with. transformers' pipeline puts the context first for a tokenizer that pads on
/// the left, and masks nothing then: a token of the question, or a special one, may be the answer.
enum class AskedOrder { question_first, context_first };

/// The answers of one question, window by window.
class AnswerCollector {
 public:
  AnswerCollector(const QuestionContext& asked, const QuestionAnsweringOptions& options,
                  AskedOrder order = AskedOrder::question_first)
      : asked_(asked), options_(options), context_(order == AskedOrder::context_first ? 0 : 1) {}

  /// @param cls  the id of [CLS], -1 where there is none
  void take(const Encoding& window, std::span<const float> start_logits, std::span<const float> end_logits,
            std::int32_t cls);

  /// Best first; leaves this object empty.
  std::vector<Answer> finish();

 private:
  struct Found {
    double score = 0;
    std::uint32_t start = 0;
    std::uint32_t end = 0;
  };

  Offset place(const Encoding& window, const TokenSpan& span) const;
  std::uint32_t in_context(const Encoding& window, std::size_t token, std::uint32_t byte) const;

  QuestionContext asked_;
  QuestionAnsweringOptions options_;
  int context_;  ///< its number among a window's texts
  double no_answer_ = 1000000;
  std::vector<Found> found_;
  std::unordered_map<std::string, std::size_t> by_text_;  ///< lower-cased
};

}  // namespace bertrt::tasks
