#include <utility>

#include "tokenizer/hub/planner.h"

namespace bertrt::tokenizer {

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
  std::vector<normalizers::Step> steps;
  add_charsmap(steps);
  steps.push_back(replace(" ", "\xE2\x96\x81"));
  plan_.stages.normalizer = Normalizer(std::move(steps));
  if (model.byte_fallback) {
    decode_by_marks(false);
  } else {
    decode_by(decoders::Replace{std::make_shared<const text::Regex>(text::Regex::literal("\xE2\x96\x81")), " "});
  }
  plan_.bpe = {"", std::string(model.unk_piece), true, model.byte_fallback};
  return std::move(plan_);
}

}  // namespace bertrt::tokenizer
