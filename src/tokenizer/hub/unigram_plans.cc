#include <utility>

#include "bertrt/error.h"
#include "tokenizer/hub/languages.h"
#include "tokenizer/hub/planner.h"

namespace bertrt::tokenizer {

bool Planner::plan_unigram(std::string_view name) {
  plan_.model = ClassModel::unigram;
  if (name == "AlbertTokenizer") {
    albert(false);
  } else if (name == "RemBertTokenizer") {
    albert(true);
  } else if (name == "XLMRobertaTokenizer" || name == "CamembertTokenizer") {
    xlm_roberta(name == "CamembertTokenizer");
  } else if (name == "DebertaV2Tokenizer") {
    deberta_v2();
  } else if (name == "BarthezTokenizer") {
    barthez();
  } else if (name == "BigBirdTokenizer") {
    big_bird();
  } else if (name == "T5Tokenizer") {
    t5();
  } else if (name == "XLNetTokenizer") {
    xlnet();
  } else if (name == "MBartTokenizer") {
    mbart();
  } else {
    return false;
  }
  return true;
}

void Planner::albert(bool is_rembert) {
  name_tokens({"[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"});
  std::vector<normalizers::Step> steps = {replace("``", "\""), replace("''", "\"")};
  if (is_rembert) steps.push_back(replace_all(" {2,}", " "));
  if (!settings_.flag("keep_accents", is_rembert)) {
    steps.emplace_back(normalizers::Nfkd{});
    steps.emplace_back(normalizers::StripAccents{});
  }
  if (settings_.flag("do_lower_case", !is_rembert)) steps.emplace_back(normalizers::Lowercase{});
  add_charsmap(steps);
  plan_.stages.normalizer = Normalizer(std::move(steps));
  metaspace(scheme(), !is_rembert);
  plan_.around = is_rembert ? Around::bert : Around::bert_by_types;
}

void Planner::xlm_roberta(bool is_camembert) {
  name_tokens(kRoberta);
  if (is_camembert) {
    make_left_strip(plan_.tokens.mask);
    if (plan_.tokens.mask && !plan_.tokens.mask->is_text && plan_.tokens.mask->lstrip)
      plan_.tokens.mask->special = true;
    for (const char* unused : {"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"}) {
      plan_.usual_extra.push_back(TokenValue::text(unused));
    }
  }
  std::vector<normalizers::Step> steps;
  add_charsmap(steps);
  plan_.stages.normalizer = Normalizer(std::move(steps));
  metaspace(scheme(), true);
  plan_.around = Around::roberta_types_0;
}

void Planner::white_space_to_spaces(bool lowercase) {
  std::vector<normalizers::Step> steps;
  if (lowercase) steps.emplace_back(normalizers::Lowercase{});
  steps.push_back(replace_all(R"(\s{2,}|[\n\r\t])", " "));
  steps.emplace_back(normalizers::Nfc{});
  steps.emplace_back(normalizers::Strip{false, true});
  plan_.stages.normalizer = Normalizer(std::move(steps));
}

void Planner::deberta_v2() {
  name_tokens({"[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"});
  white_space_to_spaces(settings_.flag("do_lower_case", false));
  metaspace(scheme(PrependScheme::first), false);
  if (settings_.flag("split_by_punct", false)) {
    std::vector<pre_tokenizers::Step> steps = plan_.stages.pre_tokenizer.steps();
    steps.insert(steps.begin(), pre_tokenizers::Punctuation{});
    plan_.stages.pre_tokenizer = PreTokenizer(std::move(steps));
  }
  plan_.around = Around::bert;
  plan_.cls_if_none = plan_.sep_if_none = 0;
}

void Planner::barthez() {
  name_tokens(kRoberta, true);
  white_space_to_spaces(false);
  metaspace(scheme(), false);
}

void Planner::big_bird() {
  name_tokens({"<s>", "</s>", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"}, true);
  for (auto* token : {&plan_.tokens.bos, &plan_.tokens.eos, &plan_.tokens.unk, &plan_.tokens.pad, &plan_.tokens.cls,
                      &plan_.tokens.sep}) {
    make_added(*token);
  }
  plan_.stages.normalizer = Normalizer({normalizers::Strip{false, false}, replace_all(" {2,}", "\xE2\x96\x81")});
  metaspace(scheme(), false);
  plan_.around = Around::bert;
}

void Planner::t5() {
  name_tokens({nullptr, "</s>", "<unk>", nullptr, "<pad>", nullptr, nullptr});
  const std::int64_t count = settings_.number("extra_ids", 100);
  if (count > 1000)
    throw Error(ErrorCode::unsupported, settings_.where() + ": extra_ids", "at most 1000", std::to_string(count));
  for (std::int64_t i = 0; i < count; ++i) {
    plan_.usual_extra.push_back(TokenValue::text("<extra_id_" + std::to_string(i) + ">"));
  }
  std::vector<normalizers::Step> steps;
  add_charsmap(steps);
  plan_.stages.normalizer = Normalizer(std::move(steps));
  metaspace(PrependScheme::always, true);
  plan_.around = Around::eos;
}

void Planner::mbart() {
  name_tokens(kRoberta, true);
  for (const char* language : kLanguages) plan_.usual_extra.push_back(TokenValue::text(language));
  metaspace(PrependScheme::always, true);
  plan_.around = Around::mbart;
  plan_.language = settings_.text("src_lang", "en_XX");
}

void Planner::xlnet() {
  name_tokens({"<s>", "</s>", "<unk>", "<sep>", "<pad>", "<cls>", "<mask>"}, true);
  plan_.usual_extra = {TokenValue::text("<eop>"), TokenValue::text("<eod>")};
  std::vector<normalizers::Step> steps = {replace("``", "\""), replace("''", "\""), normalizers::Nfkd{},
                                          normalizers::StripAccents{}};
  if (settings_.flag("do_lower_case", false)) steps.emplace_back(normalizers::Lowercase{});
  add_charsmap(steps);
  plan_.stages.normalizer = Normalizer(std::move(steps));
  metaspace(PrependScheme::always, true);
  plan_.around = Around::xlnet;
  plan_.pads_left = true;
}

}  // namespace bertrt::tokenizer
