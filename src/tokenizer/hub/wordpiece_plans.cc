#include "tokenizer/hub/planner.h"

namespace bertrt::tokenizer {

bool Planner::plan_wordpiece(std::string_view name) {
  plan_.model = ClassModel::wordpiece;
  if (name == "BertTokenizer" || name == "DistilBertTokenizer" || name.starts_with("DPR") ||
      name == "SplinterTokenizer") {
    bert(name);
  } else if (name == "FunnelTokenizer") {
    funnel();
  } else if (name == "MPNetTokenizer") {
    mpnet();
  } else {
    return false;
  }
  return true;
}

void Planner::bert(std::string_view name) {
  const bool is_splinter = name == "SplinterTokenizer";
  name_tokens(kBert);
  // DPR's constructors take do_lower_case and keep it to themselves.
  const bool lowercase = name.starts_with("DPR") || settings_.flag("do_lower_case", true);
  bert_stages(true, settings_.flag("tokenize_chinese_chars", true), settings_.optional_flag("strip_accents"),
              lowercase);
  decode_by(decoders::WordPiece{});
  plan_.around = is_splinter ? Around::splinter : Around::bert;
  if (!is_splinter) {
    plan_.cls_if_none = 2;
    plan_.sep_if_none = 3;
  }
  if (is_splinter) plan_.model_specific.emplace_back("question_token", TokenValue::text("[QUESTION]"));
}

void Planner::funnel() {
  name_tokens({"<s>", "</s>", "<unk>", "<sep>", "<pad>", "<cls>", "<mask>"});
  bert_stages(settings_.flag("clean_text", true));
  decode_by(decoders::WordPiece{settings_.text("wordpieces_prefix", "##"), true});
  plan_.around = Around::bert;
  plan_.cls_type_id = 2;
}

void Planner::mpnet() {
  name_tokens({"<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>"}, true);
  for (auto* token : {&plan_.tokens.bos, &plan_.tokens.eos, &plan_.tokens.unk, &plan_.tokens.sep, &plan_.tokens.pad,
                      &plan_.tokens.cls}) {
    make_added(*token);
  }
  bert_stages(true);
  decode_by(decoders::WordPiece{});
  plan_.around = Around::roberta;
  plan_.trim_offsets = true;
  plan_.cls_if_none = 0;
  plan_.sep_if_none = 2;
}

}  // namespace bertrt::tokenizer
