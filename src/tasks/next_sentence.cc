#include "bertrt/next_sentence.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {
namespace {

constexpr std::string_view kHead = "next-sentence";

}  // namespace

NextSentence::NextSentence(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("NextSentence", [&] {
    tasks::require_head(session_, {.task = "NextSentence", .heads = {kHead}, .least = least, .classes = 2});
    // A second head for texts would come in another place.
    const std::vector<std::string>& heads = tasks::settings_of(session_).heads;
    for (const std::string& head : heads) {
      if (head == kHead) break;
      if (head == "masked-lm" || head == "token-classification" || head == "question-answering" ||
          head == "replaced-token")
        continue;
      throw Error(ErrorCode::unsupported, "NextSentence", "a model whose head for texts is this one",
                  "one with " + head + " in front");
    }
  });
}

NextSentenceScore NextSentence::operator()(std::string_view text, std::string_view next,
                                           const NextSentenceOptions& options) const {
  return base::or_out_of_memory("NextSentence", [&] {
    const TextPair pair{text, next};
    return (*this)(std::span(&pair, 1), options).front();
  });
}

std::vector<NextSentenceScore> NextSentence::operator()(std::span<const TextPair> batch,
                                                        const NextSentenceOptions& options) const {
  return base::or_out_of_memory("NextSentence", [&] {
    const Tokenizer& tokenizer = session_.tokenizer();
    const EncodeOptions encode =
        tasks::encode_options(session_, options.truncation, options.max_length, "NextSentenceOptions::max_length");
    std::vector<NextSentenceScore> answers(batch.size());
    const auto windows = [&](std::size_t text) {
      if (!batch[text].pair) throw Error(ErrorCode::invalid_argument, "text", "two texts", "one");
      return std::vector<Encoding>{tasks::encode_loosely(tokenizer, batch[text], encode)};
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      const std::span<const float> logits = window.output.text_logits.value().row(window.row);
      if (logits.size() != 2) {
        throw Error(ErrorCode::unsupported, "NextSentence", "two numbers a text", std::to_string(logits.size()));
      }
      const std::vector<float> scores = tasks::scores_of(logits, ScoreFunction::softmax);
      answers[window.text] = {scores[0], scores[1]};
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, batch.size(),
                       windows, take);
    return answers;
  });
}

}  // namespace v0
}  // namespace bertrt
