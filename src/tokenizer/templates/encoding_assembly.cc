#include <algorithm>
#include <string>

#include "bertrt/error.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;

template <typename T>
void put(std::vector<T>& values, Side side, std::size_t count, T value) {
  values.insert(side == Side::left ? values.begin() : values.end(), count, value);
}

}  // namespace

EndSpace TokenizerImpl::space_of(const Part& part, std::size_t index) const {
  if (!trim_) return {};
  const auto& added = part.pieces.added;
  const auto found = std::ranges::lower_bound(added, index, {}, &Pieces::Added::index);
  return found != added.end() && found->index == index ? found->space : trim_->of(part.pieces.ids[index]);
}

Encoding TokenizerImpl::assemble(std::span<const TemplatePiece> steps, const Part (&parts)[2],
                                 const Window (&window)[2], const EncodeOptions& options) const {
  std::size_t size = 0;
  for (const TemplatePiece& step : steps) {
    if (step.kind == Kind::special) {
      size += options.add_special_tokens;
    } else {
      const auto& [begin, end] = window[step.kind == Kind::second].range;
      size += end - begin;
    }
  }
  const bool with_offsets = options.with_offsets;
  const std::size_t capacity = std::max(size, options.pad_to);
  Encoding encoding;
  encoding.input_ids.reserve(capacity);
  encoding.token_type_ids.reserve(capacity);
  encoding.attention_mask.reserve(capacity);
  if (with_offsets) {
    encoding.offsets.reserve(capacity);
    encoding.special_tokens_mask.reserve(capacity);
    encoding.sequence_ids.reserve(capacity);
  }
  for (const TemplatePiece& step : steps) {
    if (step.kind == Kind::special) {
      if (!options.add_special_tokens) continue;
      encoding.input_ids.push_back(step.id);
      encoding.token_type_ids.push_back(step.type_id);
      if (options.with_word_ids) encoding.word_ids.push_back(-1);
      if (!with_offsets) continue;
      encoding.offsets.push_back({});
      encoding.special_tokens_mask.push_back(1);
      encoding.sequence_ids.push_back(-1);
      continue;
    }
    const int which = step.kind == Kind::second;
    const auto [begin, end] = window[which].range;
    const std::size_t count = end - begin;
    const std::int32_t* ids = parts[which].pieces.ids.data();
    encoding.input_ids.insert(encoding.input_ids.end(), ids + begin, ids + end);
    // Without special tokens Hugging Face's post-processors set the types of the encoding itself alone.
    const bool keeps_type = !window[which].is_main && (plain_->overflow_keeps_types || !options.add_special_tokens);
    put(encoding.token_type_ids, Side::right, count, keeps_type ? std::int32_t{which} : step.type_id);
    if (options.with_word_ids) {
      const std::int32_t* words = parts[which].words.data();
      encoding.word_ids.insert(encoding.word_ids.end(), words + begin, words + end);
    }
    if (!with_offsets) continue;
    const Offset* offsets = parts[which].pieces.offsets.data();
    encoding.offsets.insert(encoding.offsets.end(), offsets + begin, offsets + end);
    if (plain_->trims) {
      Offset* const put = encoding.offsets.data() + encoding.offsets.size() - count;
      for (std::size_t i = 0; i < count; ++i) {
        OffsetTrim::trim(parts[which].input.texts[0], space_of(parts[which], begin + i), i == 0,
                         plain_->keeps_prefix_space, put[i]);
      }
    }
    put(encoding.special_tokens_mask, Side::right, count, std::uint8_t{0});
    put(encoding.sequence_ids, Side::right, count, static_cast<std::int8_t>(which));
  }
  encoding.attention_mask.assign(encoding.input_ids.size(), 1);
  pad(encoding, options);
  return encoding;
}

Encoding TokenizerImpl::assemble_by_drafts(const Part (&parts)[2], const PairWindows& windows, bool is_pair,
                                           const EncodeOptions& options) const {
  const auto draft_of = [&](std::size_t which, std::pair<std::size_t, std::size_t> range) {
    const Part& part = parts[which];
    Draft draft;
    for (std::size_t i = range.first; i < range.second; ++i) {
      draft.tokens.push_back({.id = part.pieces.ids[i],
                              .type_id = static_cast<std::int32_t>(which),
                              .offset = part.pieces.offsets.empty() ? Offset{} : part.pieces.offsets[i],
                              .space = space_of(part, i),
                              .word = part.words.empty() ? -1 : part.words[i],
                              .text = static_cast<std::int8_t>(which)});
    }
    return draft;
  };
  std::vector<Draft> encodings;
  for (std::size_t which = 0; which < (is_pair ? 2U : 1U); ++which) {
    const Windows& of = which == 0 ? windows.first : windows.second;
    Draft draft = draft_of(which, of[0]);
    for (std::size_t i = 1; i < of.size(); ++i) draft.overflowing.push_back(draft_of(which, of[i]));
    encodings.push_back(std::move(draft));
  }
  DraftContext context{.add_special_tokens = options.add_special_tokens, .text_of = {}};
  context.text_of = [&parts](const Draft::Token& token) {
    return parts[static_cast<std::size_t>(token.text)].text_of(token.word);
  };
  const bool with_words = options.with_word_ids || parts[0].input.is_words;
  Draft draft = post_process(config_.post_processors, std::move(encodings), context);
  const auto padded = [&](Draft& one) -> const Draft& {
    if (one.tokens.size() < options.pad_to) {
      one.pad(options.pad_to, config_.padding_side == Side::left, pad_id(options), config_.pad_type_id);
    }
    return one;
  };
  Encoding encoding = finish(padded(draft), options, with_words);
  for (Draft& window : draft.overflowing) encoding.overflowing.push_back(finish(padded(window), options, with_words));
  return encoding;
}

Encoding TokenizerImpl::finish(const Draft& draft, const EncodeOptions& options, bool with_words) {
  Encoding encoding;
  for (const Draft::Token& token : draft.tokens) {
    encoding.input_ids.push_back(token.id);
    encoding.token_type_ids.push_back(token.type_id);
    encoding.attention_mask.push_back(token.is_padding ? 0 : 1);
    if (with_words) encoding.word_ids.push_back(token.word);
    if (!options.with_offsets) continue;
    encoding.offsets.push_back(token.offset);
    encoding.special_tokens_mask.push_back(token.is_special || token.is_padding);
    encoding.text_ids.push_back(token.text);
  }
  if (options.with_offsets) {
    encoding.sequence_ids = draft.sequence_ids();
    if (encoding.text_ids == encoding.sequence_ids) encoding.text_ids.clear();
  }
  return encoding;
}

std::int32_t TokenizerImpl::pad_id(const EncodeOptions& options) const {
  if (config_.pad_id < 0) {
    throw Error(ErrorCode::invalid_argument, "pad_to", "0 for a tokenizer without a pad token",
                std::to_string(options.pad_to));
  }
  return config_.pad_id;
}

void TokenizerImpl::pad(Encoding& encoding, const EncodeOptions& options) const {
  if (encoding.size() >= options.pad_to) return;
  const std::int32_t id = pad_id(options);
  const std::size_t count = options.pad_to - encoding.size();
  const Side side = config_.padding_side;
  put(encoding.input_ids, side, count, id);
  put(encoding.token_type_ids, side, count, config_.pad_type_id);
  put(encoding.attention_mask, side, count, 0);
  if (options.with_word_ids) put(encoding.word_ids, side, count, -1);
  if (!options.with_offsets) return;
  put(encoding.offsets, side, count, Offset{});
  put(encoding.special_tokens_mask, side, count, std::uint8_t{1});
  put(encoding.sequence_ids, side, count, std::int8_t{-1});
}

}  // namespace bertrt::tokenizer
