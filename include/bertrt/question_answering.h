#pragma once

#include <cstddef>
#include <cstdint>
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

/// How to ask; the defaults are those of transformers' pipeline.
struct QuestionAnsweringOptions {
  std::size_t top_k = 1;               ///< answers wanted, at most
  std::size_t max_answer_length = 15;  ///< in tokens
  /// Tokens of a window, question and special ones included; 0: the tokenizer's limit, at most 384.
  std::size_t max_length = 0;
  /// Tokens of the context that neighbouring windows share; left out: half a window, at most 128.
  std::optional<std::size_t> doc_stride = std::nullopt;
  /// "No answer" takes part, as an empty answer.
  bool handle_impossible = false;
  /// Answers are whole words (as the tokenizer cuts them).
  bool align_to_words = true;
  OffsetUnit offsets = OffsetUnit::bytes;  ///< of `start` and `end`
};

struct Answer {
  std::string text;         ///< context[start, end)
  float score = 0;          ///< the sum over equal answers, so it may pass 1
  std::uint32_t start = 0;  ///< in the context; bytes, or code points where asked for
  std::uint32_t end = 0;    ///< one past the last
};

/// A question and where its answer is looked for; views on what the caller keeps until the call returns.
struct QuestionContext {
  std::string_view question;  ///< must not be empty
  std::string_view context;   ///< must not be empty
};

/// Where in a context is the answer to a question; as transformers' pipeline (4.57) has it, in windows for contexts of
/// any length. With a tokenizer that pads on the left it puts the context first and lets tokens of the question be the
/// answer, too; so does this.
///
///   bertrt::QuestionAnswering ask(session);
///   auto answers = ask("Who was Jim Henson ?", context, {.top_k = 3});
///
/// Const calls may run on many threads at once. Memory for a batch: its results, and a few thousand tokens.
class BERTRT_API QuestionAnswering {
 public:
  /// @throws Error unsupported when the model has no head for it (the message names those it has), or no tokenizer
  explicit QuestionAnswering(BertSession session, Evidence least = Evidence::by_name);

  /// Best first, at most top_k. Answers of score 0 are left out, so there may be none.
  /// @throws Error invalid_argument for an empty question or context, top_k or max_answer_length 0, a doc_stride that
  ///         leaves a window no new token; input_too_long for a question that leaves the context no room
  std::vector<Answer> operator()(std::string_view question, std::string_view context,
                                 const QuestionAnsweringOptions& options = {}) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void operator()(std::initializer_list<std::string_view> questions, std::string_view context,
                  const QuestionAnsweringOptions& options = {}) const = delete;
  /// Likewise.
  void operator()(std::string_view question, std::initializer_list<std::string_view> contexts,
                  const QuestionAnsweringOptions& options = {}) const = delete;
  /// One list for each, in order. An Error names the question by its number.
  std::vector<std::vector<Answer>> operator()(std::span<const QuestionContext> batch,
                                              const QuestionAnsweringOptions& options = {}) const;

 private:
  BertSession session_;
};

}  // namespace v0
}  // namespace bertrt
