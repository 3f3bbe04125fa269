#include "tokenizer/tokenizer_impl.h"

#include <algorithm>
#include <limits>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

void check_size(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::invalid_argument, "text", "at most 4 GiB", std::to_string(text.size()) + " bytes");
  }
}

RunContext context_at(std::size_t begin, bool parse_special_tokens) {
  return {.at_text_start = begin == 0, .special_pieces = parse_special_tokens};
}

std::string_view slice(std::string_view text, Offset range) {
  return text.substr(range.begin, range.end - range.begin);
}

std::size_t special_count(std::span<const TemplatePiece> steps) {
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [](const TemplatePiece& p) { return p.kind == TemplatePiece::Kind::special; }));
}

/// Limits that make no sense for any text. A stride is refused as Hugging Face does it, against the template of one
/// text.
void check_limits(const EncodeOptions& options, std::size_t added, std::size_t added_to_one) {
  if (options.max_length < added) {
    throw Error(ErrorCode::invalid_argument, "max_length",
                "at least the " + std::to_string(added) + " special tokens of the template",
                std::to_string(options.max_length));
  }
  if (options.truncation == Truncation::none || options.max_length < added_to_one) return;
  const std::size_t room = options.max_length - added_to_one;
  if (options.stride > room) {
    throw Error(ErrorCode::invalid_argument, "stride", "less than the " + std::to_string(room) + " tokens of a window",
                std::to_string(options.stride));
  }
}

}  // namespace

TokenizerImpl::TokenizerImpl(LoadedTokenizer loaded)
    : model_(std::move(loaded.model)), config_(std::move(loaded.config)), vocab_size_(model_->size()) {
  std::vector<AddedTokenMatcher::Pattern> raw;
  std::vector<AddedTokenMatcher::Pattern> normalized;
  for (const AddedToken& token : config_.added_tokens) {
    if (token.content.empty()) continue;
    if (token.id < 0) {
      throw Error(ErrorCode::invalid_format, "added token " + token.content, "an id in the vocabulary", "none");
    }
    std::string decoded = token.content;
    if (token.normalized && model_->has_normalizer()) {
      text::NormalizedText form;
      model_->normalize(token.content, {}, form);
      decoded = form.bytes;
    }
    // The decoder skips by content, so a normalized form that differs is not skipped.
    const bool skipped = token.special && decoded == token.content;
    added_by_id_.insert_or_assign(token.id, Added{token.content, decoded, skipped});
    added_by_content_.insert_or_assign(token.content, token.id);
    vocab_size_ = std::max(vocab_size_, static_cast<std::size_t>(token.id) + 1);
    (token.normalized ? normalized : raw).push_back({decoded, token});
  }
  in_raw_text_ = AddedTokenMatcher(std::move(raw));
  in_normalized_text_ = AddedTokenMatcher(std::move(normalized));

  using Kind = TemplatePiece::Kind;
  if (config_.tmpl.single.empty()) config_.tmpl.single = {{Kind::first, -1, 0}};
  if (config_.tmpl.pair.empty()) config_.tmpl.pair = {{Kind::first, -1, 0}, {Kind::second, -1, 1}};
  for (const auto* tmpl : {&config_.tmpl.single, &config_.tmpl.pair}) {
    for (const TemplatePiece& piece : *tmpl) {
      if (piece.kind == Kind::special && piece.id < 0) {
        throw Error(ErrorCode::invalid_format, "tokenizer", "every special token of the template in the vocabulary",
                    "one that is not");
      }
    }
  }
  if (config_.trim_offsets) {
    trim_.emplace(config_.trim_keeps_prefix_space);
    for (std::size_t i = 0; i < model_->size(); ++i) {
      const auto id = static_cast<std::int32_t>(i);
      if (const auto token = model_->id_to_token(id)) trim_->add(id, *token);
    }
    for (const auto& [id, added] : added_by_id_) trim_->add_from_text(id, added.content);
  }
}

void TokenizerImpl::append_run(std::string_view text, Offset range, bool parse_special_tokens, Pieces& out) const {
  const std::string_view run = slice(text, range);
  const std::size_t before = out.offsets.size();
  const auto shift = [&](std::uint32_t by) {
    if (by == 0) return;
    for (std::size_t i = before; i < out.offsets.size(); ++i) {
      out.offsets[i].begin += by;
      out.offsets[i].end += by;
    }
  };
  if (in_normalized_text_.empty()) {
    model_->encode(run, context_at(range.begin, parse_special_tokens), out);
    shift(range.begin);
    return;
  }
  text::NormalizedText normalized;
  const bool changes = model_->has_normalizer();
  if (changes) model_->normalize(run, context_at(range.begin, parse_special_tokens), normalized);
  const std::string_view searched = changes ? std::string_view(normalized.bytes) : run;
  std::vector<Segment> segments;
  in_normalized_text_.split(searched, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    const std::size_t at = out.offsets.size();
    if (segment.id >= 0) {
      out.ids.push_back(segment.id);
      out.offsets.push_back(segment.range);
    } else {
      const Offset in_text = changes ? normalized.to_source(segment.range) : segment.range;
      const RunContext context = context_at(range.begin + in_text.begin, parse_special_tokens);
      const std::string_view part = slice(searched, segment.range);
      if (changes) {
        model_->encode_normalized(part, context, out);
      } else {
        model_->encode(part, context, out);
      }
      for (std::size_t i = at; i < out.offsets.size(); ++i) {
        out.offsets[i].begin += segment.range.begin;
        out.offsets[i].end += segment.range.begin;
      }
    }
    if (changes) {
      for (std::size_t i = at; i < out.offsets.size(); ++i) out.offsets[i] = normalized.to_source(out.offsets[i]);
    }
  }
  shift(range.begin);
}

void TokenizerImpl::append_ids(std::string_view text, Offset range, bool parse_special_tokens,
                               std::vector<std::int32_t>& ids) const {
  const std::string_view run = slice(text, range);
  if (in_normalized_text_.empty()) return model_->encode_ids(run, context_at(range.begin, parse_special_tokens), ids);
  if (model_->has_normalizer()) {
    Pieces out;
    append_run(text, range, parse_special_tokens, out);
    ids.insert(ids.end(), out.ids.begin(), out.ids.end());
    return;
  }
  if (in_normalized_text_.next_candidate(run, 0) == run.size())
    return model_->encode_ids(run, context_at(range.begin, parse_special_tokens), ids);
  std::vector<Segment> segments;
  in_normalized_text_.split(run, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      const RunContext context = context_at(range.begin + segment.range.begin, parse_special_tokens);
      model_->encode_ids(slice(run, segment.range), context, ids);
    }
  }
}

void TokenizerImpl::encode_ids(std::string_view text, std::vector<std::int32_t>& ids, bool parse_special_tokens) const {
  check_size(text);
  const Offset whole{0, static_cast<std::uint32_t>(text.size())};
  if (in_raw_text_.next_candidate(text, 0) == text.size()) return append_ids(text, whole, parse_special_tokens, ids);
  std::vector<Segment> segments;
  in_raw_text_.split(text, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      append_ids(text, segment.range, parse_special_tokens, ids);
    }
  }
}

Pieces TokenizerImpl::pieces(std::string_view text, bool parse_special_tokens, bool with_offsets) const {
  check_size(text);
  Pieces out;
  if (!with_offsets) {
    encode_ids(text, out.ids, parse_special_tokens);
    return out;
  }
  std::vector<Segment> segments;
  in_raw_text_.split(text, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    if (segment.id >= 0) {
      out.ids.push_back(segment.id);
      out.offsets.push_back(segment.range);
    } else {
      append_run(text, segment.range, parse_special_tokens, out);
    }
  }
  return out;
}

Encoding TokenizerImpl::encode(std::string_view text, const EncodeOptions& options) const {
  return encode_parts(text, nullptr, options);
}

Encoding TokenizerImpl::encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
  return encode_parts(text, &pair, options);
}

Encoding TokenizerImpl::encode_parts(std::string_view text, const std::string_view* pair,
                                     const EncodeOptions& options) const {
  Part parts[2] = {{text, pieces(text, options.parse_special_tokens, options.with_offsets)}, {}};
  if (pair != nullptr) parts[1] = {*pair, pieces(*pair, options.parse_special_tokens, options.with_offsets)};

  const auto& steps = pair != nullptr ? config_.tmpl.pair : config_.tmpl.single;
  PairWindows windows{{{0, parts[0].pieces.ids.size()}}, {{0, parts[1].pieces.ids.size()}}};
  if (options.max_length > 0) {
    const std::size_t added = options.add_special_tokens ? special_count(steps) : 0;
    check_limits(options, added, special_count(config_.tmpl.single));
    windows = truncate(parts[0].pieces.ids.size(), parts[1].pieces.ids.size(), pair != nullptr,
                       options.max_length - added, options.truncation, options.stride, config_.truncation_side);
  }

  const auto window = [](const Windows& of, std::size_t index) { return Window{of[index], index == 0}; };
  Encoding encoding = assemble(steps, parts, {window(windows.first, 0), window(windows.second, 0)}, options);
  // Hugging Face's order: every further window of the first text with all of the second's, then the first text's first
  // window with the second's others.
  for (std::size_t a = 1; a < windows.first.size(); ++a) {
    for (std::size_t b = 0; b < windows.second.size(); ++b) {
      encoding.overflowing.push_back(
          assemble(steps, parts, {window(windows.first, a), window(windows.second, b)}, options));
    }
  }
  for (std::size_t b = 1; b < windows.second.size(); ++b) {
    encoding.overflowing.push_back(
        assemble(steps, parts, {window(windows.first, 0), window(windows.second, b)}, options));
  }
  return encoding;
}

std::string TokenizerImpl::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string_view> tokens;
  tokens.reserve(ids.size());
  for (const std::int32_t id : ids) {
    if (const auto added = added_by_id_.find(id); added != added_by_id_.end()) {
      if (!skip_special_tokens || !added->second.skipped) tokens.push_back(added->second.decoded);
    } else if (const auto token = model_->id_to_token(id)) {
      tokens.push_back(*token);
    } else if (id < 0 || static_cast<std::size_t>(id) >= vocab_size_) {
      throw Error(ErrorCode::invalid_argument, "ids", "ids from 0 to " + std::to_string(vocab_size_ - 1),
                  std::to_string(id));
    }
  }
  return model_->decode(tokens);
}

std::optional<std::string_view> TokenizerImpl::id_to_token(std::int32_t id) const {
  if (const auto added = added_by_id_.find(id); added != added_by_id_.end()) return added->second.content;
  return model_->id_to_token(id);
}

std::optional<std::int32_t> TokenizerImpl::token_to_id(std::string_view token) const {
  if (const auto added = added_by_content_.find(std::string(token)); added != added_by_content_.end()) {
    return added->second;
  }
  return model_->token_to_id(token);
}

}  // namespace bertrt::tokenizer
