#include "tasks/scores.h"

#include <algorithm>

#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/torch_function.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"

namespace bertrt::tasks {

std::vector<float> scores_of(std::span<const float> logits, ScoreFunction function) {
  std::vector<float> scores(logits.begin(), logits.end());
  if (function == ScoreFunction::softmax) {
    const Softmax softmax(logits);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = softmax.probability(i);
  } else if (function == ScoreFunction::sigmoid) {
    activate("Sigmoid", scores);
  }
  return scores;
}

bool knows_activation(std::string_view name) noexcept {
  return name.empty() || name == "Softmax" || family::torch_function(name) != nullptr;
}

void activate(std::string_view name, std::span<float> row) {
  if (name.empty()) return;
  if (name == "Softmax") {
    const std::vector<float> scores = scores_of(row, ScoreFunction::softmax);
    std::copy(scores.begin(), scores.end(), row.begin());
    return;
  }
  const family::TorchFunction function = family::torch_function(name);
  if (function == nullptr) {
    throw Error(ErrorCode::unsupported, "activation",
                "one of torch.nn's " + family::torch_function_names() + " or Softmax", base::printable(name));
  }
  for (float& value : row) value = static_cast<float>(function(static_cast<double>(value)));
}

EncodeOptions encode_options(const BertSession& session, Truncation truncation, std::size_t max_length,
                             const char* option) {
  EncodeOptions options;
  options.with_offsets = false;
  options.with_overflow = false;
  options.truncation = truncation;
  if (truncation != Truncation::none || max_length != 0) options.max_length = length_limit(session, max_length, option);
  return options;
}

Encoding encode_loosely(const Tokenizer& tokenizer, const TextPair& pair, const EncodeOptions& options) {
  if (!pair.pair || pair.pair->empty()) return tokenizer.encode(pair.text, options);
  return tokenizer.encode(pair.text, *pair.pair, options);
}

}  // namespace bertrt::tasks
