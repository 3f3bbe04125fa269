#include "tokenizer/hub/planner.h"

#include <utility>

namespace bertrt::tokenizer {

std::shared_ptr<const text::Regex> pattern_of(std::string_view pattern) {
  return std::make_shared<const text::Regex>(pattern, std::string("pattern"));
}

normalizers::Step replace(std::string_view from, std::string to) {
  return normalizers::Replace{std::make_shared<const text::Regex>(text::Regex::literal(from)), std::move(to), true};
}

normalizers::Step replace_all(std::string_view pattern, std::string to) {
  return normalizers::Replace{pattern_of(pattern), std::move(to), false};
}

std::optional<ClassPlan> plan_class(std::string_view name, const Settings& settings,
                                    const std::shared_ptr<const text::Precompiled>& charsmap) {
  return Planner(settings, charsmap).plan(name);
}

std::optional<ClassPlan> Planner::plan(std::string_view name) {
  if (!plan_wordpiece(name) && !plan_bpe(name) && !plan_unigram(name)) return std::nullopt;
  return std::move(plan_);
}

void Planner::name_tokens(const Names& names, bool mask_takes_space) {
  const auto named = [&](const char* key, const char* usual) {
    return settings_.named(key, usual == nullptr ? std::nullopt : std::optional(TokenValue::text(usual)));
  };
  plan_.tokens = {named("bos_token", names.bos),  named("eos_token", names.eos), named("unk_token", names.unk),
                  named("sep_token", names.sep),  named("pad_token", names.pad), named("cls_token", names.cls),
                  named("mask_token", names.mask)};
  if (mask_takes_space) make_left_strip(plan_.tokens.mask);
}

void Planner::make_left_strip(std::optional<TokenValue>& mask) {
  if (mask && mask->is_text) mask = TokenValue{.content = mask->content, .lstrip = true, .is_text = false};
}

void Planner::make_added(std::optional<TokenValue>& token) {
  if (token) token->is_text = false;
}

void Planner::bert_stages(bool clean_text, bool chinese, std::optional<bool> strip_accents, bool lowercase) {
  text::BertNormalizerOptions options;
  options.clean_text = clean_text;
  options.handle_chinese_chars = chinese;
  options.lowercase = lowercase;
  options.strip_accents = strip_accents.value_or(lowercase);
  plan_.stages = {Normalizer({normalizers::Bert{options}}), PreTokenizer({pre_tokenizers::Bert{}})};
}

void Planner::bert_stages(bool clean_text) {
  bert_stages(clean_text, settings_.flag("tokenize_chinese_chars", true), settings_.optional_flag("strip_accents"),
              settings_.flag("do_lower_case", true));
}

void Planner::decode_by_marks(bool drops_first) {
  std::vector<decoders::Step> steps = {
      decoders::Replace{std::make_shared<const text::Regex>(text::Regex::literal("\xE2\x96\x81")), " "},
      decoders::ByteFallback{}, decoders::Fuse{}};
  if (drops_first) steps.emplace_back(decoders::Strip{' ', 1, 0});
  plan_.decoder = Decoder(std::move(steps));
}

void Planner::byte_level(bool add_prefix_space) {
  plan_.stages.pre_tokenizer = PreTokenizer({pre_tokenizers::ByteLevel{add_prefix_space, true}});
  decode_by(decoders::ByteLevel{});
}

void Planner::metaspace(PrependScheme scheme, bool splits_white_space) {
  std::vector<pre_tokenizers::Step> steps;
  if (splits_white_space) steps.emplace_back(pre_tokenizers::WhitespaceSplit{});
  pre_tokenizers::Metaspace step;
  step.scheme = scheme;
  steps.emplace_back(step);
  plan_.stages.pre_tokenizer = PreTokenizer(std::move(steps));
  decode_by(decoders::Metaspace{0x2581, scheme != PrependScheme::never});
}

Planner::PrependScheme Planner::scheme(PrependScheme otherwise) const {
  return settings_.flag("add_prefix_space", true) ? PrependScheme::always : otherwise;
}

void Planner::add_charsmap(std::vector<normalizers::Step>& steps) const {
  if (charsmap_ != nullptr) steps.emplace_back(charsmap_);
}

}  // namespace bertrt::tokenizer
