#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt::tasks {
class SentenceText;
}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

struct RerankerOptions {
  /// Left out: the model's own (its config.json), else sigmoid for one label and none for more. Softmax is over the
  /// labels.
  std::optional<ScoreFunction> activation = std::nullopt;
  /// After the activation, for a model with more than one label.
  bool apply_softmax = false;
  /// Tokens of a pair, at most what the model takes; longer ones are cut (longest first). 0: the model's.
  std::size_t max_length = 0;
  /// In front of each query. Goes before `prompt_name`.
  std::optional<std::string> prompt = std::nullopt;
  /// One of the model's prompts by name (config_sentence_transformers.json). Empty: its default prompt, as a rule none.
  std::string prompt_name = {};
};

struct RankedDocument {
  std::size_t index = 0;  ///< in the documents given
  float score = 0;
};

/// Cross-encoders: how well does a document answer a query, read together; as sentence-transformers' CrossEncoder.
///
///   bertrt::Reranker rerank(session);
///   for (auto& hit : rerank.rank("Who was Jim Henson ?", documents, 10)) use(documents[hit.index], hit.score);
///
/// Const calls may run on many threads at once. Memory for a batch: its scores, and a few thousand tokens.
class BERTRT_API Reranker {
 public:
  /// @throws Error unsupported when the model has no head for texts, no tokenizer, or an activation that is not known
  explicit Reranker(BertSession session, Evidence least = Evidence::by_name);

  /// One pair of a model with one label. @throws Error unsupported for a model with more
  float operator()(std::string_view query, std::string_view document, const RerankerOptions& options = {}) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common: rank() takes several documents.
  void operator()(std::initializer_list<std::string_view> queries, std::string_view document,
                  const RerankerOptions& options = {}) const = delete;
  /// Likewise.
  void operator()(std::string_view query, std::initializer_list<std::string_view> documents,
                  const RerankerOptions& options = {}) const = delete;
  /// [pairs, labels]. A pair without a second text has an empty one.
  Matrix predict(std::span<const TextPair> pairs, const RerankerOptions& options = {}) const;

  /// The documents, best first; equals in the order given.
  /// @param top_k  at most so many; nullopt: all; 0: none
  /// @throws Error unsupported for a model with more than one label
  std::vector<RankedDocument> rank(std::string_view query, std::span<const std::string> documents,
                                   std::optional<std::size_t> top_k = std::nullopt,
                                   const RerankerOptions& options = {}) const;
  /// The same for views.
  std::vector<RankedDocument> rank(std::string_view query, std::span<const std::string_view> documents,
                                   std::optional<std::size_t> top_k = std::nullopt,
                                   const RerankerOptions& options = {}) const;
  /// So that rank(query, {"one", "two"}) means two documents.
  std::vector<RankedDocument> rank(std::string_view query, std::initializer_list<std::string_view> documents,
                                   std::optional<std::size_t> top_k = std::nullopt,
                                   const RerankerOptions& options = {}) const {
    return rank(query, std::span<const std::string_view>(documents.begin(), documents.size()), top_k, options);
  }
  /// {"one", "two"} would be one query, between pointers that have nothing in common.
  template <typename Documents>
  void rank(std::initializer_list<std::string_view> queries, const Documents& documents,
            std::optional<std::size_t> top_k = std::nullopt, const RerankerOptions& options = {}) const = delete;
  /// Likewise.
  void rank(std::initializer_list<std::string_view> queries, std::initializer_list<std::string_view> documents,
            std::optional<std::size_t> top_k = std::nullopt, const RerankerOptions& options = {}) const = delete;

 private:
  BertSession session_;
  std::shared_ptr<const tasks::SentenceText> texts_;
  std::string activation_;  ///< the last part of the torch class; empty: the rule
};

}  // namespace v0
}  // namespace bertrt
