#include "tokenizer/unigram/unigram_normalizer.h"

#include <algorithm>
#include <utility>

#include "bertrt/error.h"
#include "text/compatibility.h"
#include "text/rewrite.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

/// Applies one step; see UnigramNormalizer::apply() for what comes back.
struct Apply {
  text::NormalizedText& text;
  text::ChangeList& list;

  bool operator()(const UnigramNormalizer::Replace& step) const {
    text::replace(text, step.pattern, step.content, list);
    return true;
  }
  bool operator()(const UnigramNormalizer::ReplaceSpaceRuns& step) const {
    text::replace_space_runs(text, step.content, list);
    return false;
  }
  bool operator()(const UnigramNormalizer::Strip& step) const {
    text::strip(text, list, step.left, step.right);
    return false;
  }
  bool operator()(UnigramNormalizer::Nfkd) const {
    text::nfkd(text, list);
    return true;
  }
  bool operator()(UnigramNormalizer::StripAccents) const {
    text::strip_accents(text, list);
    return true;
  }
  bool operator()(UnigramNormalizer::Lowercase) const {
    text::lowercase(text, list);
    return true;
  }
  bool operator()(const UnigramNormalizer::Charsmap& step) const {
    // The map is applied by graphemes, and one may reach over the white space before or behind the text.
    bool alone = true;
    if (!text.bytes.empty()) {
      const auto first = text::decode_utf8(text.bytes, 0).code_point;
      const auto last = text::decode_utf8(text.bytes, text::previous_utf8(text.bytes, text.bytes.size())).code_point;
      alone = (text::compatibility_flags(first) & text::kAttaches) == 0 &&
              (text::compatibility_flags(last) & text::kPrepends) == 0;
    }
    return step->apply(text, list) && alone;
  }
};

// As in normalizers/normalizer.cc: a text may grow, but not without end.
constexpr std::size_t kRoom = std::size_t{1} << 20U;
constexpr std::size_t kMostGrowth = 64;

bool looks_at_space(const UnigramNormalizer::Step& step) {
  if (const auto* replace = std::get_if<UnigramNormalizer::Replace>(&step)) {
    // Anything but plain characters might be, or become, white space.
    return std::any_of(replace->pattern.begin(), replace->pattern.end(), [](char c) { return c <= ' '; });
  }
  return std::holds_alternative<UnigramNormalizer::ReplaceSpaceRuns>(step) ||
         std::holds_alternative<UnigramNormalizer::Strip>(step);
}

}  // namespace

UnigramNormalizer::UnigramNormalizer(std::vector<Step> steps)
    : steps_(std::move(steps)), works_by_words_(std::none_of(steps_.begin(), steps_.end(), looks_at_space)) {}

bool UnigramNormalizer::apply(text::NormalizedText& text, text::ChangeList& list) const {
  bool alone = works_by_words_;
  const std::size_t most = kRoom + kMostGrowth * text.bytes.size();
  for (const Step& step : steps_) {
    alone = std::visit(Apply{text, list}, step) && alone;
    if (text.bytes.size() > most) {
      throw Error(ErrorCode::invalid_argument, "normalizer",
                  "texts that grow to " + std::to_string(kMostGrowth) + " times their size at most", "more");
    }
  }
  return alone;
}

int UnigramNormalizer::alone(char c) const {
  if (!works_by_words_) return -1;
  text::NormalizedText text;
  text::ChangeList list;
  text::align_to_itself({&c, 1}, text);
  for (const Step& step : steps_) {
    if (const auto* replace = std::get_if<Replace>(&step)) {
      // What it has no part in cannot reach over it.
      if (replace->pattern.empty() || replace->pattern.find(text.bytes[0]) != std::string::npos) return -1;
      continue;
    }
    if (!std::visit(Apply{text, list}, step)) return -1;
    if (text.bytes.size() != 1 || static_cast<unsigned char>(text.bytes[0]) >= 0x80) return -1;
  }
  return text.bytes[0];
}

}  // namespace bertrt::tokenizer
