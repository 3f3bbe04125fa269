#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt {
inline namespace v0 {

/// Two probabilities, which add up to 1.
struct NextSentenceScore {
  float is_next = 0;   ///< the second text follows the first
  float not_next = 0;  ///< it stands anywhere else
};

/// What to do with pairs that are long.
struct NextSentenceOptions {
  Truncation truncation = Truncation::none;  ///< a longer pair is an error by default
  /// In tokens, at most what the model takes; 0: the tokenizer's limit where it truncates, else the model's.
  std::size_t max_length = 0;
};

/// Does a sentence follow another one? BERT's second pretraining task.
///
///   bertrt::NextSentence follows(session);
///   float p = follows("Who was Jim Henson ?", "Jim Henson was a puppeteer").is_next;
///
/// Const calls may run on many threads at once.
class BERTRT_API NextSentence {
 public:
  /// @throws Error unsupported when the model has no such head (the message names those it has), or no tokenizer
  explicit NextSentence(BertSession session, Evidence least = Evidence::by_name);

  /// An empty second text counts as none, as for Python's tokenizers. @throws Error input_too_long
  NextSentenceScore operator()(std::string_view text, std::string_view next,
                               const NextSentenceOptions& options = {}) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void operator()(std::initializer_list<std::string_view> texts, std::string_view next,
                  const NextSentenceOptions& options = {}) const = delete;
  /// Likewise.
  void operator()(std::string_view text, std::initializer_list<std::string_view> nexts,
                  const NextSentenceOptions& options = {}) const = delete;
  /// One for each pair, in order. An Error names the pair by its number.
  std::vector<NextSentenceScore> operator()(std::span<const TextPair> batch,
                                            const NextSentenceOptions& options = {}) const;

 private:
  BertSession session_;
};

}  // namespace v0
}  // namespace bertrt
