#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "session/task_settings.h"
#include "tasks/prompts.h"

namespace bertrt::tasks {

/// The longest text in tokens by sentence-transformers' rules: max_seq_length where the model says it, else the smaller
/// one of the tokenizer's limit and the table of positions; never more than the engine takes. 0: no limit.
std::size_t sentence_length(const BertSession& session);

/// From a caller's text to the tokens that a sentence model reads: its prompt in front, lower case where the model
/// wants it, cut silently at its length. Immutable.
class SentenceText {
 public:
  /// @param max_length  0: sentence_length()
  /// @throws Error unsupported for a session without a tokenizer; invalid_argument for a length that the model has not
  SentenceText(const BertSession& session, std::size_t max_length)
      : SentenceText(session, max_length, session.tokenizer()) {}
  /// The same by another tokenizer than the session's. @param tokenizer  of the same vocabulary
  SentenceText(const BertSession& session, std::size_t max_length, Tokenizer tokenizer);
  /// For a tokenizer without a session (word vectors): no template. @param max_length  0: no limit
  SentenceText(Tokenizer tokenizer, std::size_t max_length, Prompts prompts);

  /// One encoding a text, on several threads.
  /// @param max_length  where it is not the model's own; 0: the model's
  std::vector<Encoding> encode(std::span<const std::string_view> texts, std::string_view prompt,
                               std::size_t max_length = 0) const;
  /// The whole text, in windows of the model's length that share `stride` tokens. Their offsets count the bytes of the
  /// caller's text; tokens of the prompt, which the first window begins with, are marked as special ones.
  std::vector<Encoding> encode_windows(std::string_view text, std::string_view prompt, std::size_t stride) const;

  /// How many of an encoding's first tokens are the prompt's: the prompt encoded alone, without the special token at
  /// its end.
  std::size_t prompt_tokens(std::string_view prompt) const;

  /// The session's, in lower case where the model wants it.
  const Tokenizer& tokenizer() const noexcept { return tokenizer_; }
  const Prompts& prompts() const noexcept { return prompts_; }
  std::size_t max_length() const noexcept { return max_length_; }

 private:
  Tokenizer tokenizer_;
  Prompts prompts_;
  std::size_t max_length_ = 0;
  bool special_tokens_ = true;
};

}  // namespace bertrt::tasks
