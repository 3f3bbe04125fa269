#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "bertrt/error.h"
#include "tokenizer/bpe/bpe_model.h"
#include "tokenizer/bpe/bpe_vocab.h"
#include "tokenizer/files/model_member.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::string_view kTokenizerJson = "tokenizer.json";
constexpr std::string_view kVocab = "vocab.json";
constexpr std::string_view kMerges = "merges.txt";

bool flag(const nlohmann::json& object, const char* name, bool fallback) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

std::string type_of(const nlohmann::json& part) {
  if (!part.is_object()) return part.is_null() ? "none" : "something else";
  const auto found = part.find("type");
  return found != part.end() && found->is_string() ? found->get<std::string>() : "no type";
}

/// The pre-tokenizer, which must be ByteLevel alone.
void read_pre_tokenizer(nlohmann::json part, const std::string& where, BpeSpec& spec) {
  if (type_of(part) == "Sequence") {
    const nlohmann::json list = part.value("pretokenizers", nlohmann::json::array());
    if (list.is_array() && list.size() == 1) part = list[0];
  }
  if (type_of(part) != "ByteLevel") {
    throw Error(ErrorCode::unsupported, where + ": pre_tokenizer", "ByteLevel", type_of(part));
  }
  spec.add_prefix_space = flag(part, "add_prefix_space", true);
  spec.split_words = flag(part, "use_regex", true);
}

LoadedTokenizer from_tokenizer_json(const TokenizerFiles& files) {
  const std::string where = files.where(kTokenizerJson);
  const TokenizerJsonParts parts = split_tokenizer_json(*files.find(kTokenizerJson), where);
  const nlohmann::json rest = parse_json(parts.rest, where);
  BpeSpec spec;
  if (const auto normalizer = rest.find("normalizer"); normalizer != rest.end() && !normalizer->is_null()) {
    throw Error(ErrorCode::unsupported, where + ": normalizer", "none before a byte-level BPE", type_of(*normalizer));
  }
  read_pre_tokenizer(rest.value("pre_tokenizer", nlohmann::json()), where, spec);
  read_bpe_json(parts.model, where, spec);
  LoadedTokenizer loaded;
  loaded.model = std::make_unique<BpeModel>(std::move(spec));
  read_common_json(rest, files, *loaded.model, loaded.config);
  return loaded;
}

/// The families that come as vocab.json and merges.txt, as transformers 5.23.0 sets them up.
struct Family {
  SpecialTokenNames names;
  bool trims_offsets = false;
  bool overflow_keeps_types = false;
};

Family family_of(const nlohmann::json& config, const SubwordVocab& vocab) {
  const auto named = config.find("tokenizer_class");
  const bool is_deberta = named != config.end() && named->is_string()
                              ? named->get<std::string>().starts_with("Deberta")
                              : vocab.find("[CLS]").has_value() && !vocab.find("<s>").has_value();
  Family family;
  if (is_deberta) {
    family.overflow_keeps_types = true;  // TemplateProcessing, not RobertaProcessing
    family.names = {.unk = "[UNK]",
                    .pad = "[PAD]",
                    .cls = "[CLS]",
                    .sep = "[SEP]",
                    .mask = "[MASK]",
                    .bos = "[CLS]",
                    .eos = "[SEP]"};
  } else {
    family.names = {
        .unk = "<unk>", .pad = "<pad>", .cls = "<s>", .sep = "</s>", .mask = "<mask>", .bos = "<s>", .eos = "</s>"};
    family.trims_offsets = flag(config, "trim_offsets", true);
  }
  return family;
}

std::string_view required(const TokenizerFiles& files, std::string_view name) {
  const auto bytes = files.find(name);
  if (!bytes) throw Error(ErrorCode::invalid_format, files.names(), std::string(name) + " beside it", "none");
  return *bytes;
}

LoadedTokenizer from_vocab_and_merges(const TokenizerFiles& files) {
  BpeSpec spec;
  read_vocab_json(required(files, kVocab), files.where(kVocab), spec.vocab);
  read_merges_txt(required(files, kMerges), files.where(kMerges), spec.vocab, spec.merges);
  const nlohmann::json config = tokenizer_config_json(files);
  const Family family = family_of(config, spec.vocab);
  spec.add_prefix_space = flag(config, "add_prefix_space", false);
  LoadedTokenizer loaded;
  loaded.config.trim_offsets = family.trims_offsets;
  loaded.config.overflow_keeps_types = family.overflow_keeps_types;
  loaded.config.trim_keeps_prefix_space = spec.add_prefix_space;
  loaded.model = std::make_unique<BpeModel>(std::move(spec));
  read_common_config(files, *loaded.model, family.names, loaded.config);
  // transformers 5.23.0 gives DeBERTa the same template as RoBERTa, two separators and types 0.
  loaded.config.tmpl = roberta_template(loaded.config.special.cls, loaded.config.special.sep);
  return loaded;
}

}  // namespace

LoadedTokenizer load_bpe(const TokenizerFiles& files) {
  return files.has(kTokenizerJson) ? from_tokenizer_json(files) : from_vocab_and_merges(files);
}

}  // namespace bertrt::tokenizer
