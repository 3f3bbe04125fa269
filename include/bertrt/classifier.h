#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt {
inline namespace v0 {

/// How to classify; the defaults are those of transformers' pipeline.
struct ClassifierOptions {
  /// The best labels that are wanted, at most; nullopt: all of them; 0: none, as in transformers.
  std::optional<std::size_t> top_k = 1;
  /// Left out, the model's files decide: none for a regression, sigmoid for several labels at once or a single one,
  /// softmax else.
  std::optional<ScoreFunction> function = std::nullopt;
  Truncation truncation = Truncation::none;  ///< a longer text is an error by default
  /// In tokens, at most what the model takes; 0: the tokenizer's limit where it truncates, else the model's.
  std::size_t max_length = 0;
};

/// Text classification: a text or a pair in, labels with scores out, as transformers' pipeline has it.
///
///   bertrt::Classifier classify(session);
///   for (auto& label : classify("The movie was very good !", {.top_k = 2})) use(label.label, label.score);
///
/// Const calls may run on many threads at once. Memory for a batch: its results, and a few thousand tokens.
class BERTRT_API Classifier {
 public:
  /// @param least  how well it must be known that the model's logits are for a text
  /// @throws Error unsupported when the model has no head for it (the message names those it has), or no tokenizer
  explicit Classifier(BertSession session, Evidence least = Evidence::by_name);

  /// Best first; of equals the lower index first. An empty text is a text. An empty second text counts as none, as in
  /// Python. @throws Error input_too_long, and what run() throws
  std::vector<LabelScore> operator()(std::string_view text, const ClassifierOptions& options = {}) const;
  /// The same for two texts.
  std::vector<LabelScore> operator()(const TextPair& pair, const ClassifierOptions& options = {}) const;
  /// One list for each, in order. An Error names the text by its number.
  std::vector<std::vector<LabelScore>> operator()(std::span<const TextPair> batch,
                                                  const ClassifierOptions& options = {}) const;
  /// The same for texts alone.
  std::vector<std::vector<LabelScore>> operator()(std::span<const std::string> batch,
                                                  const ClassifierOptions& options = {}) const;
  /// So that classify({"one", "two"}) means two texts; a pair is TextPair{"one", "two"}.
  std::vector<std::vector<LabelScore>> operator()(std::initializer_list<std::string_view> batch,
                                                  const ClassifierOptions& options = {}) const;
  /// So that classify({TextPair{"one", "two"}, …}) means some pairs.
  std::vector<std::vector<LabelScore>> operator()(std::initializer_list<TextPair> batch,
                                                  const ClassifierOptions& options = {}) const;

  /// By index. May be shorter than the head's output where the files name fewer: the others are LABEL_n.
  const std::vector<std::string>& labels() const noexcept { return labels_; }

 private:
  BertSession session_;
  std::vector<std::string> labels_;
};

}  // namespace v0
}  // namespace bertrt
