#include "bertrt/classifier.h"

#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {
namespace {

ScoreFunction function_of(const std::string& problem_type, std::size_t classes) {
  if (problem_type == "regression") return ScoreFunction::none;
  return problem_type == "multi_label_classification" || classes == 1 ? ScoreFunction::sigmoid : ScoreFunction::softmax;
}

}  // namespace

Classifier::Classifier(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("Classifier", [&] {
    tasks::require_head(session_, {.task = "Classifier", .heads = {"sequence-classification"}, .least = least});
    labels_ = tasks::labels_of(session_);
  });
}

std::vector<LabelScore> Classifier::operator()(std::string_view text, const ClassifierOptions& options) const {
  return base::or_out_of_memory("Classifier", [&] { return (*this)(TextPair{text}, options); });
}

std::vector<LabelScore> Classifier::operator()(const TextPair& pair, const ClassifierOptions& options) const {
  return base::or_out_of_memory("Classifier", [&] { return std::move((*this)(std::span(&pair, 1), options).front()); });
}

std::vector<std::vector<LabelScore>> Classifier::operator()(std::span<const std::string> batch,
                                                            const ClassifierOptions& options) const {
  return base::or_out_of_memory("Classifier", [&] {
    std::vector<TextPair> pairs;
    for (const std::string& text : batch) pairs.push_back({text});
    return (*this)(std::span<const TextPair>(pairs), options);
  });
}

std::vector<std::vector<LabelScore>> Classifier::operator()(std::initializer_list<std::string_view> batch,
                                                            const ClassifierOptions& options) const {
  return base::or_out_of_memory("Classifier", [&] {
    std::vector<TextPair> pairs;
    for (const std::string_view text : batch) pairs.push_back({text});
    return (*this)(std::span<const TextPair>(pairs), options);
  });
}

std::vector<std::vector<LabelScore>> Classifier::operator()(std::initializer_list<TextPair> batch,
                                                            const ClassifierOptions& options) const {
  return (*this)(std::span<const TextPair>(batch.begin(), batch.size()), options);
}

std::vector<std::vector<LabelScore>> Classifier::operator()(std::span<const TextPair> batch,
                                                            const ClassifierOptions& options) const {
  return base::or_out_of_memory("Classifier", [&] {
    if (options.function) base::check_named("ClassifierOptions::function", *options.function);
    const Tokenizer& tokenizer = session_.tokenizer();
    const EncodeOptions encode =
        tasks::encode_options(session_, options.truncation, options.max_length, "ClassifierOptions::max_length");
    std::vector<std::vector<LabelScore>> answers(batch.size());
    const auto windows = [&](std::size_t text) {
      return std::vector<Encoding>{tasks::encode_loosely(tokenizer, batch[text], encode)};
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      const std::span<const float> logits = window.output.text_logits.value().row(window.row);
      const ScoreFunction function =
          options.function.value_or(function_of(tasks::settings_of(session_).problem_type, logits.size()));
      const std::vector<float> scores = tasks::scores_of(logits, function);
      for (const std::size_t index : tasks::top_indices(scores, options.top_k.value_or(scores.size()))) {
        answers[window.text].push_back({tasks::label_name(labels_, index), index, scores[index]});
      }
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, batch.size(),
                       windows, take);
    return answers;
  });
}

}  // namespace v0
}  // namespace bertrt
