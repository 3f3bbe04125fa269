#include "tasks/sentence_text.h"

#include <algorithm>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "session/session_impl.h"
#include "tasks/windows.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt::tasks {
namespace {

std::size_t smaller(std::size_t a, std::size_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

Tokenizer in_lower_case(Tokenizer tokenizer) {
  auto lower = session::Access::impl(tokenizer).in_lower_case();
  return lower ? session::Access::with_impl(std::move(tokenizer), std::move(lower)) : tokenizer;
}

}  // namespace

std::size_t sentence_length(const BertSession& session) {
  const session::TaskSettings& settings = session::Access::impl(session).settings();
  std::size_t length = smaller(session.tokenizer().model_max_length(), settings.position_embeddings);
  if (settings.sentence && settings.sentence->max_seq_length.value_or(0) != 0)
    length = *settings.sentence->max_seq_length;
  return smaller(length, session.info().max_length);
}

SentenceText::SentenceText(const BertSession& session, std::size_t max_length, Tokenizer tokenizer)
    : tokenizer_(std::move(tokenizer)) {
  const session::TaskSettings& settings = session::Access::impl(session).settings();
  const SessionInfo& info = session.info();
  if (max_length != 0 && info.max_length != 0 && max_length > info.max_length) {
    throw Error(ErrorCode::invalid_argument, "EmbedderOptions::max_length",
                "at most " + std::to_string(info.max_length) + " tokens (the model's limit)",
                std::to_string(max_length));
  }
  max_length_ = max_length != 0 ? max_length : sentence_length(session);
  if (settings.sentence) {
    prompts_ = {settings.sentence->prompts, settings.sentence->default_prompt_name};
    if (settings.sentence->do_lower_case) tokenizer_ = in_lower_case(std::move(tokenizer_));
  }
}

SentenceText::SentenceText(Tokenizer tokenizer, std::size_t max_length, Prompts prompts)
    : tokenizer_(std::move(tokenizer)), prompts_(std::move(prompts)), max_length_(max_length), special_tokens_(false) {}

std::vector<Encoding> SentenceText::encode(std::span<const std::string_view> texts, std::string_view prompt,
                                           std::size_t max_length) const {
  EncodeOptions options;
  options.add_special_tokens = special_tokens_;
  options.max_length = max_length != 0 ? max_length : max_length_;
  options.truncation = options.max_length == 0 ? Truncation::none : Truncation::longest_first;
  options.with_offsets = false;
  options.with_overflow = false;
  std::vector<Encoding> encodings;
  if (prompt.empty()) {
    encodings = tokenizer_.encode_batch(texts, options, num_threads());
  } else {
    std::vector<std::string> whole;
    whole.reserve(texts.size());
    for (const std::string_view text : texts) whole.push_back(std::string(prompt).append(text));
    encodings = tokenizer_.encode_batch(std::span<const std::string>(whole), options, num_threads());
  }
  for (Encoding& encoding : encodings) drop_types(tokenizer_, encoding);
  return encodings;
}

std::vector<Encoding> SentenceText::encode_windows(std::string_view text, std::string_view prompt,
                                                   std::size_t stride) const {
  EncodeOptions options;
  options.max_length = max_length_;
  options.truncation = max_length_ == 0 ? Truncation::none : Truncation::longest_first;
  options.stride = stride;
  std::string whole(prompt);
  whole += text;
  Encoding first = tokenizer_.encode(whole, options);
  std::vector<Encoding> windows = std::move(first.overflowing);
  first.overflowing = {};
  windows.insert(windows.begin(), std::move(first));
  const auto before = static_cast<std::uint32_t>(prompt.size());
  for (Encoding& window : windows) {
    drop_types(tokenizer_, window);
    for (std::size_t i = 0; i < window.size(); ++i) {
      Offset& offset = window.offsets[i];
      if (window.special_tokens_mask[i] != 0) continue;
      if (offset.end <= before) window.special_tokens_mask[i] = 1;
      offset = {std::max(offset.begin, before) - before, std::max(offset.end, before) - before};
    }
  }
  return windows;
}

std::size_t SentenceText::prompt_tokens(std::string_view prompt) const {
  const std::string_view nothing;
  const Encoding encoding = encode(std::span(&nothing, 1), prompt).front();
  if (encoding.size() == 0) return 0;
  const std::vector<std::int32_t>& special = session::Access::impl(tokenizer_).config().all_special;
  const bool ends_special = std::find(special.begin(), special.end(), encoding.input_ids.back()) != special.end();
  return encoding.size() - (ends_special ? 1 : 0);
}

}  // namespace bertrt::tasks
