#include "bertrt/multiple_choice.h"

#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {

MultipleChoice::MultipleChoice(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("MultipleChoice", [&] {
    tasks::require_head(session_, {.task = "MultipleChoice",
                                   .heads = {"multiple-choice", "sequence-classification"},
                                   .least = least,
                                   .classes = 1});
  });
}

std::vector<float> MultipleChoice::operator()(std::string_view text, const std::vector<std::string>& choices,
                                              const MultipleChoiceOptions& options) const {
  return base::or_out_of_memory("MultipleChoice", [&] {
    if (choices.empty()) throw Error(ErrorCode::invalid_argument, "choices", "at least one", "none");
    const Tokenizer& tokenizer = session_.tokenizer();
    const EncodeOptions encode =
        tasks::encode_options(session_, options.truncation, options.max_length, "MultipleChoiceOptions::max_length");
    std::vector<float> logits(choices.size());
    const auto windows = [&](std::size_t choice) {
      return std::vector<Encoding>{tokenizer.encode(text, choices[choice], encode)};
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      const std::span<const float> row = window.output.text_logits.value().row(window.row);
      if (row.size() != 1) {
        throw Error(ErrorCode::unsupported, "MultipleChoice", "one number a text", std::to_string(row.size()));
      }
      logits[window.text] = row.front();
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, choices.size(),
                       windows, take);
    return tasks::scores_of(logits, ScoreFunction::softmax);
  });
}

}  // namespace v0
}  // namespace bertrt
