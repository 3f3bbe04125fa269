#include <utility>

#include "bertrt/error.h"
#include "tokenizer/hub/planner.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::string_view kClip =
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

}  // namespace

bool Planner::plan_bpe(std::string_view name) {
  plan_.model = ClassModel::bpe;
  if (name == "RobertaTokenizer" || name == "DebertaTokenizer") {
    roberta(name == "DebertaTokenizer");
  } else if (name == "LukeTokenizer") {
    luke();
  } else if (name == "BlenderbotTokenizer") {
    blenderbot();
  } else if (name == "GPT2Tokenizer" || name == "GPTNeoXTokenizer" || name == "Qwen2Tokenizer" ||
             name == "CodeGenTokenizer") {
    gpt(name);
  } else if (name == "CLIPTokenizer") {
    clip();
  } else if (name == "OpenAIGPTTokenizer" || name == "HerbertTokenizer") {
    words_with_ends(name == "HerbertTokenizer");
  } else if (name == "LlamaTokenizer") {
    llama();
  } else if (name == "GemmaTokenizer") {
    gemma();
  } else if (name == "ReformerTokenizer") {
    reformer();
  } else {
    return false;
  }
  return true;
}

void Planner::roberta(bool is_deberta) {
  name_tokens(is_deberta ? Names{"[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"} : kRoberta);
  plan_.add_prefix_space = settings_.flag("add_prefix_space", false);
  byte_level(plan_.add_prefix_space);
  plan_.around = is_deberta ? Around::roberta_types_0 : Around::roberta;
  plan_.trim_offsets = settings_.flag("trim_offsets", true);
}

// RoBERTa's, with tokens around entities. The entities themselves are no text.
void Planner::luke() {
  if (settings_.has("task")) {
    throw Error(ErrorCode::unsupported, settings_.where() + ": task",
                "none: the tasks of LUKE want entities beside the text", settings_.text("task", ""));
  }
  if (settings_.has("extra_special_tokens") && settings_.has("additional_special_tokens")) {
    throw Error(ErrorCode::unsupported, settings_.where(), "one list of further special tokens under LukeTokenizer",
                "extra_special_tokens and additional_special_tokens");
  }
  name_tokens(kRoberta);
  byte_level(settings_.flag("add_prefix_space", false));
  plan_.around = Around::roberta;
  plan_.trim_offsets = plan_.add_prefix_space = true;
  plan_.cleans_up_bpe = true;
  const auto entity = [&](const char* old_key, const char* key, const char* usual) {
    TokenValue token{.content = usual, .is_text = false};
    if (const auto named = settings_.named(old_key, std::nullopt)) token = *named;
    plan_.further_extra.push_back(token);
    plan_.model_specific.emplace_back(key, TokenValue::text(token.content));
  };
  entity("entity_token_1", "entity_1_token", "<ent>");
  entity("entity_token_2", "entity_2_token", "<ent2>");
  for (const auto& [key, usual] :
       {std::pair{"entity_unk_token", "[UNK]"}, std::pair{"entity_pad_token", "[PAD]"},
        std::pair{"entity_mask_token", "[MASK]"}, std::pair{"entity_mask2_token", "[MASK2]"}}) {
    plan_.model_specific.emplace_back(key, TokenValue::text(usual));
  }
}

void Planner::blenderbot() {
  name_tokens(kRoberta, true);
  byte_level(settings_.flag("add_prefix_space", true));
}

void Planner::gpt(std::string_view name) {
  const char* end = "<|endoftext|>";
  const bool adds_space = settings_.flag("add_prefix_space", false);
  byte_level(adds_space);
  if (name == "Qwen2Tokenizer") {
    name_tokens({nullptr, end, end, nullptr, end, nullptr, nullptr});
    plan_.stages.normalizer = Normalizer({normalizers::Nfc{}});
    plan_.stages.pre_tokenizer =
        PreTokenizer({pre_tokenizers::Split{pattern_of(kQwen2), pre_tokenizers::Behavior::isolated, false, false},
                      pre_tokenizers::ByteLevel{adds_space, false}});
    return;
  }
  const bool is_neox = name == "GPTNeoXTokenizer";
  name_tokens({end, end, end, nullptr, is_neox ? "<|padding|>" : nullptr, nullptr, nullptr});
  if (is_neox) plan_.stages.normalizer = Normalizer({normalizers::Nfc{}});
  if (name == "CodeGenTokenizer") plan_.if_no_post_processor = {post_processors::ByteLevel{false, true}};
}

void Planner::clip() {
  const char* end = "<|endoftext|>";
  name_tokens({"<|startoftext|>", end, end, nullptr, end, nullptr, nullptr});
  plan_.stages.normalizer = Normalizer({normalizers::Nfc{}, replace_all(R"(\s+)", " "), normalizers::Lowercase{}});
  plan_.stages.pre_tokenizer =
      PreTokenizer({pre_tokenizers::Split{pattern_of(kClip), pre_tokenizers::Behavior::removed, true, false},
                    pre_tokenizers::ByteLevel{false, true}});
  decode_by(decoders::ByteLevel{});
  plan_.around = Around::clip;
  plan_.word_end = "</w>";
  plan_.bpe = {"</w>", unk_text(), false, false};
}

void Planner::words_with_ends(bool is_herbert) {
  if (is_herbert) {
    name_tokens({nullptr, nullptr, "<unk>", "</s>", "<pad>", "<s>", "<mask>"});
    bert_stages(true, true, false, false);
    plan_.around = Around::herbert;
  } else {
    name_tokens({nullptr, nullptr, "<unk>", nullptr, nullptr, nullptr, nullptr});
    bert_stages(true, true, std::nullopt, true);
    plan_.takes_file_pad = true;
  }
  plan_.bpe = {"</w>", unk_text(), false, false};
  decode_by(decoders::Bpe{});
}

void Planner::llama() {
  name_tokens({"<s>", "</s>", "<unk>", nullptr, nullptr, nullptr, nullptr});
  const bool adds_space = settings_.flag("add_prefix_space", true);
  pre_tokenizers::Metaspace step;
  step.scheme = !adds_space                       ? PrependScheme::never
                : settings_.flag("legacy", false) ? PrependScheme::always
                                                  : PrependScheme::first;
  step.split = false;
  plan_.stages.pre_tokenizer = PreTokenizer({step});
  decode_by_marks(adds_space);
  plan_.bpe.fuse_unk = plan_.bpe.byte_fallback = true;
  plan_.pads_left = true;
  plan_.takes_file_pad = true;
}

void Planner::gemma() {
  name_tokens({"<bos>", "<eos>", "<unk>", nullptr, "<pad>", nullptr, "<mask>"});
  plan_.stages.normalizer = Normalizer({replace(" ", "\xE2\x96\x81")});
  plan_.stages.pre_tokenizer =
      PreTokenizer({pre_tokenizers::Split{std::make_shared<const text::Regex>(text::Regex::literal(" ")),
                                          pre_tokenizers::Behavior::merged_with_previous, false, true}});
  decode_by_marks(false);
  plan_.bpe = {"", unk_text(), true, true};
  plan_.pads_left = true;
}

void Planner::reformer() {
  name_tokens({nullptr, "</s>", "<unk>", nullptr, nullptr, nullptr, nullptr});
  if (charsmap_ != nullptr) plan_.stages.normalizer = Normalizer({charsmap_, replace_all(" {2,}", " ")});
  metaspace(PrependScheme::always, false);
  plan_.bpe = {"", unk_text(), true, false};
  plan_.takes_file_pad = true;
}

}  // namespace bertrt::tokenizer
