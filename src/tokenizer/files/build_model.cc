#include <algorithm>
#include <optional>
#include <utility>

#include "tokenizer/bpe/bpe_model.h"
#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/files/model_spec.h"
#include "tokenizer/unigram/unigram_model.h"
#include "tokenizer/wordlevel/wordlevel_words.h"
#include "tokenizer/wordpiece/wordpiece_model.h"

namespace bertrt::tokenizer {
namespace {

using NormalizerSteps = std::vector<normalizers::Step>;
using PreTokenizerSteps = std::vector<pre_tokenizers::Step>;

/// The only step, where it is a T.
template <typename T, typename Step>
const T* only(const std::vector<Step>& steps) {
  return steps.size() == 1 ? std::get_if<T>(&steps[0]) : nullptr;
}

/// ByteLevel's own pattern, or another with a scanner before it.
std::optional<ByteLevelOptions> byte_level_options(const Stages& stages) {
  ByteLevelOptions options;
  const NormalizerSteps& before = stages.normalizer.steps();
  options.nfc = only<normalizers::Nfc>(before) != nullptr;
  if (!before.empty() && !options.nfc) return std::nullopt;
  const PreTokenizerSteps& steps = stages.pre_tokenizer.steps();
  if (const auto* alone = only<pre_tokenizers::ByteLevel>(steps)) {
    options.add_prefix_space = alone->add_prefix_space;
    if (alone->use_regex) options.scanner = byte_level_word_end;
    return options;
  }
  if (steps.size() != 2) return std::nullopt;
  const auto* split = std::get_if<pre_tokenizers::Split>(&steps[0]);
  const auto* bytes = std::get_if<pre_tokenizers::ByteLevel>(&steps[1]);
  if (split == nullptr || bytes == nullptr || bytes->add_prefix_space || bytes->use_regex) return std::nullopt;
  if (split->is_literal || split->invert || split->behavior != pre_tokenizers::Behavior::isolated) return std::nullopt;
  options.scanner = scanner_of(split->pattern->pattern());
  if (options.scanner == nullptr) return std::nullopt;
  return options;
}

std::optional<std::vector<UnigramNormalizer::Step>> unigram_steps(const NormalizerSteps& steps) {
  std::vector<UnigramNormalizer::Step> found;
  for (const normalizers::Step& step : steps) {
    if (const auto* replace = std::get_if<normalizers::Replace>(&step)) {
      if (replace->content.size() > 64) return std::nullopt;  // the general way refuses it
      if (replace->is_literal && !replace->pattern->pattern().empty()) {
        found.emplace_back(UnigramNormalizer::Replace{replace->pattern->pattern(), replace->content});
      } else if (!replace->is_literal && replace->pattern->pattern() == " {2,}") {
        found.emplace_back(UnigramNormalizer::ReplaceSpaceRuns{replace->content});
      } else {
        return std::nullopt;
      }
    } else if (const auto* strip = std::get_if<normalizers::Strip>(&step)) {
      found.emplace_back(UnigramNormalizer::Strip{strip->left, strip->right});
    } else if (const auto* map = std::get_if<normalizers::Precompiled>(&step)) {
      found.emplace_back(*map);
    } else if (std::holds_alternative<normalizers::Nfkd>(step)) {
      found.emplace_back(UnigramNormalizer::Nfkd{});
    } else if (std::holds_alternative<normalizers::StripAccents>(step)) {
      found.emplace_back(UnigramNormalizer::StripAccents{});
    } else if (std::holds_alternative<normalizers::Lowercase>(step)) {
      found.emplace_back(UnigramNormalizer::Lowercase{});
    } else {
      return std::nullopt;
    }
  }
  return found;
}

/// Metaspace with its usual mark, perhaps behind WhitespaceSplit.
std::optional<UnigramSpec> unigram_spec(const Stages& stages) {
  const PreTokenizerSteps& steps = stages.pre_tokenizer.steps();
  if (steps.empty() || steps.size() > 2) return std::nullopt;
  const auto* metaspace = std::get_if<pre_tokenizers::Metaspace>(&steps.back());
  if (metaspace == nullptr || metaspace->replacement != "\xE2\x96\x81") return std::nullopt;
  UnigramSpec spec;
  spec.split_white_space = steps.size() == 2;
  if (spec.split_white_space && !std::holds_alternative<pre_tokenizers::WhitespaceSplit>(steps[0])) return std::nullopt;
  auto normalizer = unigram_steps(stages.normalizer.steps());
  if (!normalizer) return std::nullopt;
  spec.normalizer = UnigramNormalizer(std::move(*normalizer));
  spec.prepend_scheme = metaspace->scheme;
  spec.split_at_mark = metaspace->split;
  return spec;
}

struct Build {
  const std::shared_ptr<const Stages>& stages;
  const std::string& where;

  std::unique_ptr<SubwordModel> behind_stages(std::shared_ptr<WordModel> model) const {
    return std::make_unique<PipelineModel>(stages, std::move(model));
  }

  std::unique_ptr<SubwordModel> operator()(WordPieceFiles files) const {
    const auto* bert = only<normalizers::Bert>(stages->normalizer.steps());
    const bool is_bert = bert != nullptr && only<pre_tokenizers::Bert>(stages->pre_tokenizer.steps()) != nullptr;
    const auto& entries = files.vocab.entries();
    const bool has_unk = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return files.vocab.view(entry) == files.options.unk_token;
    });
    if (is_bert && has_unk) {
      return std::make_unique<WordPieceModel>(
          WordPieceSpec{std::move(files.vocab), std::move(files.options), bert->options}, where);
    }
    return behind_stages(
        std::make_shared<WordPieceWords>(std::move(files.vocab), std::move(files.options), true, where));
  }
  std::unique_ptr<SubwordModel> operator()(BpeSpec spec) const {
    const bool is_plain = spec.prefix.empty() && spec.suffix.empty() && !spec.byte_fallback;
    const auto options = is_plain ? byte_level_options(*stages) : std::nullopt;
    if (options) return std::make_unique<BpeModel>(std::move(spec), *options);
    return behind_stages(std::make_shared<BpeWords>(std::move(spec)));
  }
  std::unique_ptr<SubwordModel> operator()(UnigramPieces pieces) const {
    if (auto spec = pieces.unk_id >= 0 ? unigram_spec(*stages) : std::nullopt) {
      spec->pieces = std::move(pieces);
      return std::make_unique<UnigramModel>(std::move(*spec));
    }
    return behind_stages(std::make_shared<UnigramWords>(std::move(pieces)));
  }
  std::unique_ptr<SubwordModel> operator()(WordLevelFiles files) const {
    return behind_stages(std::make_shared<WordLevelWords>(std::move(files.vocab), std::move(files.unk_token)));
  }
};

}  // namespace

std::unique_ptr<SubwordModel> build_model(ModelSpec spec, const std::shared_ptr<const Stages>& stages,
                                          const std::string& where) {
  return std::visit([&](auto& one) { return Build{stages, where}(std::move(one)); }, spec);
}

}  // namespace bertrt::tokenizer
