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
    const bool keeps_type = !window[which].is_main && (config_.overflow_keeps_types || !options.add_special_tokens);
    put(encoding.token_type_ids, Side::right, count, keeps_type ? std::int32_t{which} : step.type_id);
    if (!with_offsets) continue;
    const Offset* offsets = parts[which].pieces.offsets.data();
    encoding.offsets.insert(encoding.offsets.end(), offsets + begin, offsets + end);
    if (trim_) {
      trim_->trim(parts[which].text, {encoding.input_ids.data() + encoding.input_ids.size() - count, count},
                  {encoding.offsets.data() + encoding.offsets.size() - count, count});
    }
    put(encoding.special_tokens_mask, Side::right, count, std::uint8_t{0});
    put(encoding.sequence_ids, Side::right, count, static_cast<std::int8_t>(which));
  }
  encoding.attention_mask.assign(encoding.input_ids.size(), 1);
  pad(encoding, options);
  return encoding;
}

void TokenizerImpl::pad(Encoding& encoding, const EncodeOptions& options) const {
  if (encoding.size() >= options.pad_to) return;
  if (config_.special.pad < 0) {
    throw Error(ErrorCode::invalid_argument, "pad_to", "0 for a tokenizer without a pad token",
                std::to_string(options.pad_to));
  }
  const std::size_t count = options.pad_to - encoding.size();
  const Side side = config_.padding_side;
  put(encoding.input_ids, side, count, config_.special.pad);
  put(encoding.token_type_ids, side, count, config_.pad_type_id);
  put(encoding.attention_mask, side, count, 0);
  if (!options.with_offsets) return;
  put(encoding.offsets, side, count, Offset{});
  put(encoding.special_tokens_mask, side, count, std::uint8_t{1});
  put(encoding.sequence_ids, side, count, std::int8_t{-1});
}

}  // namespace bertrt::tokenizer
