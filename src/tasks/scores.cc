#include "tasks/scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/plain_text.h"
#include "bertrt/error.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"

namespace bertrt::tasks {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

using Function = double (*)(double);

// torch.nn's activations with the settings that they have by default.
constexpr std::array<std::pair<std::string_view, Function>, 8> kActivations = {{
    {"Identity", [](double x) { return x; }},
    {"Sigmoid", sigmoid},
    {"Tanh", [](double x) { return std::tanh(x); }},
    {"ReLU", [](double x) { return x < 0 ? 0 : x; }},
    {"GELU", [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }},
    {"SiLU", [](double x) { return x * sigmoid(x); }},
    {"Softplus", [](double x) { return x > 20 ? x : std::log1p(std::exp(x)); }},
    {"LogSigmoid", [](double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }},
}};

const std::pair<std::string_view, Function>* find(std::string_view name) noexcept {
  const auto found =
      std::find_if(kActivations.begin(), kActivations.end(), [&](const auto& entry) { return entry.first == name; });
  return found == kActivations.end() ? nullptr : &*found;
}

}  // namespace

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
  return name.empty() || name == "Softmax" || find(name) != nullptr;
}

void activate(std::string_view name, std::span<float> row) {
  if (name.empty()) return;
  if (name == "Softmax") {
    const std::vector<float> scores = scores_of(row, ScoreFunction::softmax);
    std::copy(scores.begin(), scores.end(), row.begin());
    return;
  }
  const auto* const found = find(name);
  if (found == nullptr) {
    throw Error(ErrorCode::unsupported, "activation", "one of torch.nn's that are known", base::printable(name));
  }
  for (float& value : row) value = static_cast<float>(found->second(static_cast<double>(value)));
}

std::string last_part(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  return std::string(dot == std::string_view::npos ? dotted : dotted.substr(dot + 1));
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
