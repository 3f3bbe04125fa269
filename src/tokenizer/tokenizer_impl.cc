#include "tokenizer/tokenizer_impl.h"

#include <algorithm>
#include <limits>

#include "bertrt/error.h"
#include "text/gpt2_classes.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

void check_size(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::invalid_argument, "text", "at most 4 GiB", std::to_string(text.size()) + " bytes");
  }
}

/// Far above what any model takes, far below where the sizes of an encoding overflow.
constexpr std::size_t kMostPadded = 100'000'000;

RunContext context_at(std::size_t begin, bool parse_special_tokens) {
  return {.at_text_start = begin == 0, .special_pieces = parse_special_tokens};
}

std::string_view slice(std::string_view text, Offset range) {
  return text.substr(range.begin, range.end - range.begin);
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

/// No stage cuts at all white space, so that the model sees some.
bool leaves_space_in_pieces(const Stages& stages) {
  const auto& steps = stages.pre_tokenizer.steps();
  return std::none_of(steps.begin(), steps.end(), [](const pre_tokenizers::Step& step) {
    return std::holds_alternative<pre_tokenizers::Bert>(step) ||
           std::holds_alternative<pre_tokenizers::Whitespace>(step) ||
           std::holds_alternative<pre_tokenizers::WhitespaceSplit>(step);
  });
}

/// What transformers' CLIP tokenizer makes of a decoded text: the mark of a word's end is a space, none at the ends.
std::string without_word_ends(std::string_view text, std::string_view mark) {
  std::string spaced;
  while (!text.empty()) {
    const std::size_t at = text.find(mark);
    spaced.append(text.substr(0, at));
    if (at == std::string_view::npos) break;
    spaced.push_back(' ');
    text.remove_prefix(at + mark.size());
  }
  std::size_t begin = 0;
  std::size_t end = spaced.size();
  while (begin < end) {
    const text::Decoded c = text::decode_utf8(spaced, begin);
    if (!text::is_white_space(c.code_point) && !(c.code_point >= 0x1C && c.code_point <= 0x1F)) break;
    begin += c.length;
  }
  while (end > begin) {
    const std::size_t at = text::previous_utf8(spaced, end);
    const char32_t c = text::decode_utf8(spaced, at).code_point;
    if (!text::is_white_space(c) && !(c >= 0x1C && c <= 0x1F)) break;
    end = at;
  }
  return spaced.substr(begin, end - begin);
}

}  // namespace

TokenizerImpl::TokenizerImpl(LoadedTokenizer loaded)
    : model_(std::move(loaded.model)),
      stages_(std::move(loaded.stages)),
      config_(std::move(loaded.config)),
      plain_(plain_template(config_.post_processors)),
      vocab_size_(model_->words().size()) {
  std::vector<AddedTokenMatcher::Pattern> raw;
  std::vector<AddedTokenMatcher::Pattern> normalized;
  for (const auto& [id, entry] : config_.added.by_id()) {
    added_by_id_.emplace(id, &entry);
    vocab_size_ = std::max(vocab_size_, static_cast<std::size_t>(id) + 1);
    // A token that was special once stays so.
    AddedToken token = entry.token;
    token.special = config_.added.is_special(token.content);
    (token.normalized ? normalized : raw).push_back({entry.searched, std::move(token), id});
  }
  in_raw_text_ = AddedTokenMatcher(std::move(raw));
  in_normalized_text_ = AddedTokenMatcher(std::move(normalized));
  const bool leaves_white_space = stages_ != nullptr && leaves_space_in_pieces(*stages_);
  if (stages_ != nullptr) counting_ = std::make_unique<PipelineModel>(stages_, words());
  const bool trims = std::any_of(config_.post_processors.begin(), config_.post_processors.end(), [](const auto& step) {
    const auto* bytes = std::get_if<post_processors::ByteLevel>(&step);
    const auto* roberta = std::get_if<post_processors::Roberta>(&step);
    return (bytes != nullptr && bytes->trim_offsets) || (roberta != nullptr && roberta->trim_offsets);
  });
  if (!trims) return;
  if (leaves_white_space && model_->words().family() == "unigram") {
    // Hugging Face trims an unknown piece by its own characters in the normal form, which are not kept.
    throw Error(ErrorCode::unsupported, "post_processor",
                "no trimmed offsets with a unigram model whose pieces may have white space", "both");
  }
  trim_.emplace();
  for (std::size_t i = 0; i < model_->words().size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (const auto token = model_->words().id_to_token(id)) trim_->add(id, *token);
  }
}

/// A part of model_; PipelineModel changes it in mark_special() alone.
std::shared_ptr<WordModel> TokenizerImpl::words() const { return {model_, const_cast<WordModel*>(&model_->words())}; }

std::shared_ptr<const TokenizerImpl> TokenizerImpl::in_lower_case() const {
  if (config_.is_python || stages_ == nullptr) return nullptr;
  std::optional<Normalizer> normalizer = stages_->normalizer.in_lower_case();
  if (!normalizer) return nullptr;
  LoadedTokenizer loaded;
  loaded.config = config_;
  loaded.config.added = config_.added.under(*normalizer, "added_tokens in lower case (do_lower_case)");
  loaded.stages = std::make_shared<const Stages>(Stages{*std::move(normalizer), stages_->pre_tokenizer});
  loaded.model = std::make_shared<PipelineModel>(loaded.stages, words());
  return std::make_shared<const TokenizerImpl>(std::move(loaded));
}

void TokenizerImpl::put_added(std::int32_t id, std::string_view found, Offset range, Pieces& pieces) const {
  if (trim_) pieces.added.push_back({pieces.ids.size(), OffsetTrim::space_of(found)});
  pieces.ids.push_back(id);
  pieces.offsets.push_back(range);
  if (pieces.words != nullptr) pieces.words->push_back(static_cast<std::int32_t>(pieces.next_word++));
}

void TokenizerImpl::append_run(std::string_view text, Offset range, bool parse_special_tokens, Pieces& out) const {
  const SubwordModel* const model = out.words != nullptr ? counting_.get() : model_.get();
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
    model->encode(run, context_at(range.begin, parse_special_tokens), out);
    shift(range.begin);
    return;
  }
  text::NormalizedText normalized;
  const bool changes = model->has_normalizer();
  if (changes) model->normalize(run, context_at(range.begin, parse_special_tokens), normalized);
  const std::string_view searched = changes ? std::string_view(normalized.bytes) : run;
  std::vector<Segment> segments;
  in_normalized_text_.split(searched, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    const std::size_t at = out.offsets.size();
    if (segment.id >= 0) {
      put_added(segment.id, slice(searched, segment.range), segment.range, out);
    } else {
      const Offset in_text = changes ? normalized.to_source(segment.range) : segment.range;
      RunContext context = context_at(range.begin + in_text.begin, parse_special_tokens);
      if (changes && context.at_text_start) {
        const auto begin = normalized.source.begin() + segment.range.begin;
        const auto end = normalized.source.begin() + segment.range.end;
        context.start_bytes = static_cast<std::uint32_t>(
            std::find_if(begin, end, [&](Offset offset) { return offset.begin != in_text.begin; }) - begin);
      }
      const std::string_view part = slice(searched, segment.range);
      if (changes) {
        model->encode_normalized(part, context, out);
      } else {
        model->encode(part, context, out);
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

void TokenizerImpl::append_text(std::string_view text, bool parse_special_tokens, Pieces& out) const {
  check_size(text);
  std::vector<Segment> segments;
  in_raw_text_.split(text, parse_special_tokens, segments);
  for (const Segment& segment : segments) {
    if (segment.id >= 0) {
      put_added(segment.id, slice(text, segment.range), segment.range, out);
    } else {
      append_run(text, segment.range, parse_special_tokens, out);
    }
  }
}

TokenizerImpl::Part TokenizerImpl::part(const Input& input, const EncodeOptions& options) const {
  const bool parse_special_tokens = options.parse_special_tokens && !config_.split_special_tokens;
  Part part{input, {}, {}};
  if (input.is_words) {
    for (std::size_t i = 0; i < input.texts.size(); ++i) {
      append_text(input.texts[i], parse_special_tokens, part.pieces);
      part.words.resize(part.pieces.ids.size(), static_cast<std::int32_t>(i));
    }
  } else if (options.with_word_ids) {
    part.pieces.words = &part.words;
    append_text(input.texts[0], parse_special_tokens, part.pieces);
    part.pieces.words = nullptr;
  } else if (!options.with_offsets) {
    encode_ids(input.texts[0], part.pieces.ids, parse_special_tokens);
  } else {
    append_text(input.texts[0], parse_special_tokens, part.pieces);
  }
  return part;
}

Encoding TokenizerImpl::encode(const Input& first, const Input* second, const EncodeOptions& options) const {
  if (options.pad_to > 0) pad_id(options);  // refuses before anything is done
  if (options.pad_to > kMostPadded) {
    throw Error(ErrorCode::invalid_argument, "pad_to", "at most " + std::to_string(kMostPadded),
                std::to_string(options.pad_to));
  }
  Part parts[2] = {part(first, options), {}};
  const bool is_pair = second != nullptr;
  if (is_pair) parts[1] = part(*second, options);

  const std::size_t sizes[2] = {parts[0].pieces.ids.size(), parts[1].pieces.ids.size()};
  PairWindows windows{{{0, sizes[0]}}, {{0, sizes[1]}}};
  if (options.max_length > 0) {
    const std::size_t added = options.add_special_tokens ? added_tokens(config_.post_processors, is_pair) : 0;
    check_limits(options, added, added_tokens(config_.post_processors, false));
    windows = truncate(sizes[0], sizes[1], is_pair, options.max_length - added, options.truncation, options.stride,
                       config_.truncation_side);
  }
  if (config_.is_python && is_pair && options.max_length > 0 && options.truncation == Truncation::longest_first &&
      (windows.first.size() > 1 || windows.second.size() > 1)) {
    throw Error(ErrorCode::unsupported, "truncation", "only_first or only_second for pairs under this tokenizer",
                "longest_first");
  }
  const bool is_whole = windows.first.size() == 1 && windows.second.size() == 1;
  if (!options.with_overflow) {
    windows.first.resize(1);
    windows.second.resize(1);
  }
  // Without a post-processor Hugging Face's sequence ids go astray in padding and in a pair's overflow.
  const bool goes_astray = config_.post_processors.empty() && (options.pad_to > 0 || (is_pair && !is_whole));
  if (!plain_ || first.is_words || goes_astray) {
    return assemble_by_drafts(parts, windows, is_pair, options);
  }
  const auto& steps = is_pair ? plain_->steps.pair : plain_->steps.single;
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
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const std::int32_t id : ids) {
    if (const auto added = added_by_id_.find(id); added != added_by_id_.end()) {
      if (!skip_special_tokens || !added->second->is_skipped) tokens.push_back(added->second->decoded);
    } else if (const auto token = model_->words().id_to_token(id)) {
      tokens.emplace_back(*token);
    } else if (id < 0 || static_cast<std::size_t>(id) >= vocab_size_) {
      throw Error(ErrorCode::invalid_argument, "ids", "ids from 0 to " + std::to_string(vocab_size_ - 1),
                  std::to_string(id));
    }
  }
  std::string text = config_.decoder.decode(std::move(tokens));
  if (!config_.word_end.empty()) text = without_word_ends(text, config_.word_end);
  if (config_.clean_up_spaces) clean_up_tokenization(text);
  return text;
}

std::optional<std::string_view> TokenizerImpl::id_to_token(std::int32_t id) const {
  if (const auto added = added_by_id_.find(id); added != added_by_id_.end()) return added->second->decoded;
  return model_->words().id_to_token(id);
}

std::optional<std::int32_t> TokenizerImpl::own_token_from(std::size_t first) const {
  for (std::size_t at = first; at < model_->words().size(); ++at) {
    const auto id = static_cast<std::int32_t>(at);
    if (!added_by_id_.contains(id) && model_->words().id_to_token(id)) return id;
  }
  return std::nullopt;
}

std::optional<std::int32_t> TokenizerImpl::token_to_id(std::string_view token) const {
  if (const auto id = config_.added.find(token)) return id;
  return model_->words().token_to_id(token);
}

}  // namespace bertrt::tokenizer
