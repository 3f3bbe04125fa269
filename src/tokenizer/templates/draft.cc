#include "tokenizer/templates/draft.h"

#include <algorithm>
#include <span>

#include "bertrt/error.h"
#include "tokenizer/templates/offset_trim.h"

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;

Draft special_token(std::int32_t id, std::int32_t type_id) {
  Draft draft;
  draft.tokens.push_back({.id = id, .type_id = type_id, .is_special = true});
  return draft;
}

/// `draft` alone between `before` and `behind` (-1: nothing), with the range that Bert's and Roberta's processors give
/// it. What its tokens were before does not count: none is special, and no text is known any more but this one.
void surround(Draft& draft, std::size_t sequence, std::int32_t before, std::int32_t behind, std::int32_t type_id) {
  for (Draft::Token& token : draft.tokens) token.is_special = false;
  if (before >= 0) draft.tokens.insert(draft.tokens.begin(), {.id = before, .type_id = type_id, .is_special = true});
  draft.tokens.push_back({.id = behind, .type_id = type_id, .is_special = true});
  const std::size_t begin = before >= 0 ? 1 : 0;
  draft.ranges = {{sequence, begin, draft.tokens.size() - 1}};
}

void trim(Draft& draft, bool keeps_prefix_space, const DraftContext& context) {
  for (std::size_t i = 0; i < draft.tokens.size(); ++i) {
    Draft::Token& token = draft.tokens[i];
    if (token.text < 0) continue;
    OffsetTrim::trim(context.text_of(token), token.space, i == 0, keeps_prefix_space, token.offset);
  }
}

void trim_all(std::vector<Draft>& encodings, bool keeps_prefix_space, const DraftContext& context) {
  for (Draft& encoding : encodings) {
    trim(encoding, keeps_prefix_space, context);
    for (Draft& window : encoding.overflowing) trim(window, keeps_prefix_space, context);
  }
}

struct Process {
  std::vector<Draft>& encodings;
  const DraftContext& context;

  void operator()(const post_processors::TemplateProcessing& step) const {
    if (encodings.size() > 2) {
      throw Error(ErrorCode::unsupported, "post_processor", "a TemplateProcessing of one or two parts", "more");
    }
    const bool is_pair = encodings.size() == 2;
    const std::string& missing = is_pair ? step.missing_pair : step.missing_single;
    if (context.add_special_tokens && !missing.empty()) {
      throw Error(ErrorCode::invalid_argument, "post_processor", "a template whose special tokens are explained",
                  "\"" + missing + "\"");
    }
    std::vector<Draft> parts;
    for (const TemplatePiece& piece : is_pair ? step.steps.pair : step.steps.single) {
      if (piece.kind == Kind::special) {
        if (!context.add_special_tokens) continue;
        if (piece.goes_on) {
          parts.back().merge(special_token(piece.id, piece.type_id));
        } else {
          parts.push_back(special_token(piece.id, piece.type_id));
        }
        continue;
      }
      const std::size_t which = piece.kind == Kind::second;
      if (which >= encodings.size()) {
        throw Error(ErrorCode::invalid_argument, "post_processor", "a template of one text", "one that names a second");
      }
      encodings[which].set_types(piece.type_id);
      encodings[which].set_sequence(which);
      parts.push_back(encodings[which]);
    }
    encodings = std::move(parts);
  }
  void operator()(const post_processors::Bert& step) const {
    if (!context.add_special_tokens) return;
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const std::int32_t before = i == 0 ? step.cls : -1;
      const auto around = [&](Draft& draft) { surround(draft, i == 0 ? 0 : 1, before, step.sep, i == 0 ? 0 : 1); };
      around(encodings[i]);
      for (Draft& window : encodings[i].overflowing) around(window);
    }
  }
  void operator()(const post_processors::Roberta& step) const {
    if (step.trim_offsets) trim_all(encodings, step.add_prefix_space, context);
    for (Draft& encoding : encodings) encoding.set_types(0);
    if (!context.add_special_tokens) return;
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const auto around = [&](Draft& draft) {
        draft.set_types(0);
        surround(draft, i == 0 ? 0 : 1, i == 0 ? step.cls : step.sep, step.sep, 0);
      };
      around(encodings[i]);
      for (Draft& window : encodings[i].overflowing) around(window);
    }
  }
  void operator()(const post_processors::ByteLevel& step) const {
    if (step.trim_offsets) trim_all(encodings, step.add_prefix_space, context);
    for (std::size_t i = 0; i < encodings.size(); ++i) encodings[i].set_sequence(i);
  }
};

}  // namespace

void Draft::set_sequence(std::size_t sequence) {
  std::erase_if(ranges, [&](const SequenceRange& range) { return range.sequence == sequence; });
  ranges.push_back({sequence, 0, tokens.size()});
}

void Draft::set_types(std::int32_t type_id) {
  for (Token& token : tokens) token.type_id = type_id;
}

void Draft::merge(const Draft& other) {
  const auto join = [](const Draft& left, const Draft& right) {
    Draft joined;
    joined.tokens = left.tokens;
    joined.ranges = left.ranges;
    Draft alone;
    alone.tokens = right.tokens;
    alone.ranges = right.ranges;
    joined.merge(alone);
    return joined;
  };
  std::vector<Draft> windows;
  for (const Draft& own : overflowing) {
    windows.push_back(join(own, other));
    for (const Draft& theirs : other.overflowing) windows.push_back(join(own, theirs));
  }
  for (const Draft& theirs : other.overflowing) windows.push_back(join(*this, theirs));
  const std::size_t before = tokens.size();
  for (const SequenceRange& range : other.ranges) {
    std::erase_if(ranges, [&](const SequenceRange& own) { return own.sequence == range.sequence; });
    ranges.push_back({range.sequence, before + range.begin, before + range.end});
  }
  tokens.insert(tokens.end(), other.tokens.begin(), other.tokens.end());
  overflowing = std::move(windows);
}

void Draft::pad(std::size_t length, bool left, std::int32_t id, std::int32_t type_id) {
  if (tokens.size() >= length) return;
  const std::size_t count = length - tokens.size();
  const Token token{.id = id, .type_id = type_id, .is_padding = true};
  tokens.insert(left ? tokens.begin() : tokens.end(), count, token);
  if (!left) return;
  for (SequenceRange& range : ranges) {
    range.begin += count;
    range.end += count;
  }
}

std::vector<std::int8_t> Draft::sequence_ids() const {
  std::vector<std::int8_t> ids(tokens.size(), -1);
  const std::size_t count = ranges.empty() ? 1 : ranges.size();
  for (std::size_t sequence = 0; sequence < count; ++sequence) {
    std::size_t begin = 0;
    std::size_t end = tokens.size();  // a sequence that has no range is all there is
    for (const SequenceRange& range : ranges) {
      if (range.sequence != sequence) continue;
      begin = range.begin;
      end = range.end;
    }
    for (std::size_t i = begin; i < end && i < ids.size(); ++i) ids[i] = static_cast<std::int8_t>(sequence);
  }
  return ids;
}

Draft post_process(const PostProcessors& processors, std::vector<Draft> encodings, const DraftContext& context) {
  if (processors.empty()) {
    if (encodings.size() == 1) return std::move(encodings[0]);
    for (std::size_t i = 0; i < encodings.size(); ++i) encodings[i].set_sequence(i);
  } else {
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      encodings[i].set_sequence(i);
      for (Draft& window : encodings[i].overflowing) window.set_sequence(i);
      encodings[i].set_types(static_cast<std::int32_t>(i));
    }
    for (const post_processors::Step& step : processors) std::visit(Process{encodings, context}, step);
  }
  Draft whole;
  for (const Draft& encoding : encodings) whole.merge(encoding);
  return whole;
}

std::size_t added_tokens(const PostProcessors& processors, bool is_pair) {
  struct Count {
    bool is_pair;
    std::size_t operator()(const post_processors::TemplateProcessing& step) const {
      const auto& steps = is_pair ? step.steps.pair : step.steps.single;
      return static_cast<std::size_t>(std::count_if(
          steps.begin(), steps.end(), [](const TemplatePiece& piece) { return piece.kind == Kind::special; }));
    }
    std::size_t operator()(const post_processors::Bert&) const { return is_pair ? 3 : 2; }
    std::size_t operator()(const post_processors::Roberta&) const { return is_pair ? 4 : 2; }
    std::size_t operator()(const post_processors::ByteLevel&) const { return 0; }
  };
  std::size_t count = 0;
  for (const post_processors::Step& step : processors) count += std::visit(Count{is_pair}, step);
  return count;
}

}  // namespace bertrt::tokenizer
