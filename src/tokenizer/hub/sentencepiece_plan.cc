#include <algorithm>
#include <utility>

#include "text/utf8.h"
#include "tokenizer/hub/class_vocab.h"
#include "tokenizer/hub/planner.h"

namespace bertrt::tokenizer {
namespace {

constexpr const char* kMark = "\xE2\x96\x81";

/// Which sentencepiece never merges nor cuts, those with the most characters first.
std::vector<std::string> user_defined_pieces(const std::vector<std::string>& names, const SentencePieceModel& model) {
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (model.pieces[i].type == SentencePieceModel::PieceType::user_defined) pieces.push_back(names[i]);
  }
  std::stable_sort(pieces.begin(), pieces.end(), [](const std::string& a, const std::string& b) {
    return text::count_code_points(a) > text::count_code_points(b);
  });
  return pieces;
}

/// A regular expression that finds any of these texts.
std::string any_of(const std::vector<std::string>& texts) {
  constexpr std::string_view kWithMeaning = "()[]{}?*+-|^$\\.&~# \t\n\r\v\f";
  std::string pattern;
  for (const std::string& one : texts) {
    if (!pattern.empty()) pattern += '|';
    for (const char c : one) {
      if (kWithMeaning.find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace

ClassPlan plan_sentencepiece(bool is_fnet, const Settings& settings, const SentencePieceModel& model,
                             const std::shared_ptr<const text::Precompiled>& charsmap) {
  return Planner(settings, charsmap).plan(is_fnet, model);
}

ClassPlan Planner::plan(bool is_fnet, const SentencePieceModel& model) {
  const auto of_model = [&](const char* key, std::int32_t id, std::string_view piece,
                            std::optional<TokenValue>& token) {
    if (id >= 0) token = settings_.named(key, TokenValue::text(std::string(piece)));
  };
  if (is_fnet) {
    name_tokens({"[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"});
  } else {
    name_tokens({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr});
  }
  of_model("bos_token", model.bos_id, model.bos_piece, plan_.tokens.bos);
  of_model("eos_token", model.eos_id, model.eos_piece, plan_.tokens.eos);
  of_model("unk_token", model.unk_id, model.unk_piece, plan_.tokens.unk);
  plan_.model = is_fnet || model.model_type == 1 ? ClassModel::unigram : ClassModel::bpe;
  plan_.user_pieces_are_extra = false;
  plan_.added_in_raw_text = model.add_dummy_prefix;
  const bool legacy = !settings_.says("legacy") || settings_.flag("legacy", false);
  std::vector<normalizers::Step> steps;
  add_charsmap(steps);
  if (model.remove_extra_whitespaces) {
    // transformers takes them off the ends first, which costs the square of a run's length.
    steps.push_back(replace_all(" {2,}", " "));
    steps.push_back(replace_all(R"(\A | \z)", ""));
  }
  if (model.escape_whitespaces) steps.push_back(replace(" ", kMark));
  // A text that begins with a mark gets no other from Metaspace.
  if (model.add_dummy_prefix && legacy) steps.push_back(replace_all("\\A\xE2\x96\x81", "\xE2\x96\x81\xE2\x96\x81"));
  plan_.stages.normalizer = Normalizer(std::move(steps));

  std::vector<pre_tokenizers::Step> cuts;
  if (model.add_dummy_prefix) {
    pre_tokenizers::Metaspace prefix;
    prefix.scheme = legacy ? PrependScheme::always : PrependScheme::first;
    prefix.split = false;
    cuts.emplace_back(prefix);
  }
  const std::vector<std::string> whole = user_defined_pieces(piece_names(plan_.model, settings_, model), model);
  if (!whole.empty()) {
    cuts.emplace_back(
        pre_tokenizers::Split{pattern_of(any_of(whole)), pre_tokenizers::Behavior::isolated, false, false});
  }
  if (!cuts.empty()) plan_.stages.pre_tokenizer = PreTokenizer(std::move(cuts));

  std::vector<decoders::Step> decode = {
      decoders::Replace{std::make_shared<const text::Regex>(text::Regex::literal(kMark)), " "}};
  if (model.byte_fallback) decode.emplace_back(decoders::ByteFallback{});
  if (model.byte_fallback || model.add_dummy_prefix) decode.emplace_back(decoders::Fuse{});
  if (model.add_dummy_prefix) decode.emplace_back(decoders::Strip{' ', 1, 0});
  plan_.decoder = Decoder(std::move(decode));
  plan_.bpe = {"", std::string(model.unk_piece), true, model.byte_fallback, !whole.empty()};
  return std::move(plan_);
}

}  // namespace bertrt::tokenizer
