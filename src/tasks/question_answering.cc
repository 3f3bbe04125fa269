#include "bertrt/question_answering.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/answer_spans.h"
#include "tasks/head.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {
namespace {

constexpr std::size_t kUsualWindow = 384;
constexpr std::size_t kUsualStride = 128;

[[noreturn]] void refuse(std::string where, std::string expected, std::string found) {
  throw Error(ErrorCode::invalid_argument, std::move(where), std::move(expected), std::move(found));
}

tasks::AskedOrder order_for(const Tokenizer& tokenizer) {
  return tasks::pads_left(tokenizer) ? tasks::AskedOrder::context_first : tasks::AskedOrder::question_first;
}

EncodeOptions encode_options(const BertSession& session, tasks::AskedOrder order,
                             const QuestionAnsweringOptions& options) {
  if (options.top_k == 0) refuse("QuestionAnsweringOptions::top_k", "at least 1", "0");
  if (options.max_answer_length == 0) refuse("QuestionAnsweringOptions::max_answer_length", "at least 1", "0");
  base::check_named("QuestionAnsweringOptions::offsets", options.offsets);
  EncodeOptions encode;
  const std::size_t limit = tasks::length_limit(session, options.max_length, "QuestionAnsweringOptions::max_length");
  encode.max_length = options.max_length != 0 ? limit : limit == 0 ? kUsualWindow : std::min(limit, kUsualWindow);
  encode.stride = options.doc_stride.value_or(std::min(encode.max_length / 2, kUsualStride));
  if (encode.stride > encode.max_length) {
    refuse("QuestionAnsweringOptions::doc_stride",
           "at most the " + std::to_string(encode.max_length) + " tokens of a window", std::to_string(encode.stride));
  }
  encode.truncation = order == tasks::AskedOrder::context_first ? Truncation::only_first : Truncation::only_second;
  encode.with_word_ids = options.align_to_words;
  return encode;
}

std::vector<Encoding> windows_for(const Tokenizer& tokenizer, const QuestionContext& asked, tasks::AskedOrder order,
                                  const EncodeOptions& encode, const QuestionAnsweringOptions& options) {
  if (asked.question.empty()) refuse("question", "a text", "an empty one");
  if (asked.context.empty()) refuse("context", "a text", "an empty one");
  try {
    return tasks::windows_of(order == tasks::AskedOrder::context_first
                                 ? tokenizer.encode(asked.context, asked.question, encode)
                                 : tokenizer.encode(asked.question, asked.context, encode));
  } catch (const Error& error) {
    // What the tokenizer calls its own options, the caller knows by other names, or never set.
    if (error.where() == "max_length") refuse("QuestionAnsweringOptions::max_length", error.expected(), error.found());
    if (error.where() == "stride" && options.doc_stride) {
      refuse("QuestionAnsweringOptions::doc_stride", error.expected(), error.found());
    }
    if (error.where() == "stride") {
      refuse("QuestionAnsweringOptions::max_length",
             "windows in which the question leaves the context more than the " + std::to_string(encode.stride) +
                 " tokens that neighbours share (doc_stride, which is half a window and at most " +
                 std::to_string(kUsualStride) + " where it is left out)",
             std::to_string(encode.max_length) + " tokens");
    }
    if (error.code() != ErrorCode::input_too_long) throw;
    throw Error(ErrorCode::input_too_long, "question",
                "one that leaves the context room in a window of " + std::to_string(encode.max_length) + " tokens",
                "a longer one");
  }
}

}  // namespace

QuestionAnswering::QuestionAnswering(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("QuestionAnswering", [&] {
    for (const OutputRole role : {OutputRole::start_logits, OutputRole::end_logits}) {
      tasks::require_head(session_,
                          {.task = "QuestionAnswering", .heads = {"question-answering"}, .role = role, .least = least});
    }
  });
}

std::vector<Answer> QuestionAnswering::operator()(std::string_view question, std::string_view context,
                                                  const QuestionAnsweringOptions& options) const {
  return base::or_out_of_memory("QuestionAnswering", [&] {
    const QuestionContext asked{question, context};
    return std::move((*this)(std::span(&asked, 1), options).front());
  });
}

std::vector<std::vector<Answer>> QuestionAnswering::operator()(std::span<const QuestionContext> batch,
                                                               const QuestionAnsweringOptions& options) const {
  return base::or_out_of_memory("QuestionAnswering", [&] {
    const Tokenizer& tokenizer = session_.tokenizer();
    const tasks::AskedOrder order = order_for(tokenizer);
    const EncodeOptions encode = encode_options(session_, order, options);
    std::vector<std::vector<Answer>> answers(batch.size());
    std::vector<std::size_t> counts(batch.size());
    std::optional<tasks::AnswerCollector> collector;
    const auto windows = [&](std::size_t text) {
      std::vector<Encoding> own = windows_for(tokenizer, batch[text], order, encode, options);
      counts[text] = own.size();
      return own;
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      if (window.window == 0) collector.emplace(batch[window.text], options, order);
      collector->take(window.encoding, window.output.start_logits.value().text(window.row),
                      window.output.end_logits.value().text(window.row), tokenizer.special_tokens().cls);
      if (window.window + 1 == counts[window.text]) answers[window.text] = collector->finish();
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, batch.size(),
                       windows, take);
    return answers;
  });
}

}  // namespace v0
}  // namespace bertrt
