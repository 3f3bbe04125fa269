#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "tokenizer/files/model_member.h"
#include "tokenizer/unigram/sentencepiece_model.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"
#include "tokenizer/unigram/unigram_json.h"
#include "tokenizer/unigram/unigram_model.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

constexpr std::string_view kTokenizerJson = "tokenizer.json";
constexpr std::string_view kSpieceModel = "spiece.model";
constexpr std::string_view kSentencePieceModel = "sentencepiece.bpe.model";

LoadedTokenizer from_tokenizer_json(const TokenizerFiles& files) {
  const std::string where = files.where(kTokenizerJson);
  const TokenizerJsonParts parts = split_tokenizer_json(*files.find(kTokenizerJson), where);
  const json rest = parse_json(parts.rest, where);
  UnigramSpec spec;
  read_unigram_model(parts.model, where, spec);
  read_unigram_pipeline(rest, where, spec);
  for (const json& token : rest.value("added_tokens", json::array())) {
    if (token.value("special", false)) spec.vocab.mark_special(token.value("content", std::string()));
  }
  LoadedTokenizer loaded;
  loaded.model = std::make_unique<UnigramModel>(std::move(spec));
  read_common_json(rest, files, *loaded.model, loaded.config);
  return loaded;
}

enum class Family { albert, xlm_roberta, camembert };

bool flag(const json& config, const char* name, bool fallback) {
  const auto found = config.find(name);
  return found != config.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

/// A special token's text as tokenizer_config.json has it.
std::string token_name(const json& config, const char* key, const char* usual) {
  const auto found = config.find(key);
  if (found == config.end()) return usual;
  if (found->is_string()) return found->get<std::string>();
  return found->is_object() ? found->value("content", std::string(usual)) : std::string(usual);
}

SpecialTokenNames names_of(Family family, const json& config) {
  const bool albert = family == Family::albert;
  const char* begin = albert ? "[CLS]" : "<s>";
  const char* end = albert ? "[SEP]" : "</s>";
  SpecialTokenNames names;
  names.unk = token_name(config, "unk_token", "<unk>");
  names.pad = token_name(config, "pad_token", "<pad>");
  names.cls = token_name(config, "cls_token", begin);
  names.sep = token_name(config, "sep_token", end);
  names.mask = token_name(config, "mask_token", albert ? "[MASK]" : "<mask>");
  names.bos = token_name(config, "bos_token", begin);
  names.eos = token_name(config, "eos_token", end);
  names.mask_lstrip = family == Family::camembert;  // of the three classes of transformers 5.23.0, this one alone
  return names;
}

Family family_of(const json& config, bool is_spiece, const SentencePieceModel& model, const std::string& where) {
  const std::string name = config.value("tokenizer_class", std::string());
  if (name.starts_with("Albert")) return Family::albert;
  if (name.starts_with("XLMRoberta")) return Family::xlm_roberta;
  if (name.starts_with("Camembert")) return Family::camembert;
  if (!name.empty()) {
    throw Error(ErrorCode::unsupported, where, "the model of an ALBERT, XLM-RoBERTa or CamemBERT tokenizer", name);
  }
  const bool has_cls = std::any_of(model.pieces.begin(), model.pieces.end(),
                                   [](const SentencePieceModel::Piece& piece) { return piece.text == "[CLS]"; });
  return is_spiece && has_cls ? Family::albert : Family::xlm_roberta;
}

/// Fairseq's vocabularies begin with pieces of their own and leave out the model's first few; the mask comes last.
void fill_vocab(Family family, const SentencePieceModel& model, const SpecialTokenNames& names,
                const std::string& where, UnigramSpec& spec) {
  std::vector<std::pair<std::string_view, double>> before;
  std::size_t left_out = 0;
  if (family == Family::xlm_roberta) {
    before = {{names.bos, 0}, {names.pad, 0}, {names.eos, 0}, {names.unk, 0}};
    left_out = 3;
  } else if (family == Family::camembert) {
    before = {{"<s>NOTUSED", 0}, {names.pad, 0}, {"</s>NOTUSED", 0}, {names.unk, 0}, {"<unk>NOTUSED", -100}};
    left_out = 1;
  }
  std::size_t bytes = 64;
  for (const SentencePieceModel::Piece& piece : model.pieces) bytes += piece.text.size();
  spec.vocab.reserve(model.pieces.size() + 8, bytes);
  for (const auto& [piece, score] : before) spec.vocab.add(piece, score, where);
  for (std::size_t i = left_out; i < model.pieces.size(); ++i) {
    spec.vocab.add(model.pieces[i].text, model.pieces[i].score, where);
  }
  if (family == Family::albert) {
    spec.unk_id = 1;
  } else {
    spec.vocab.add(names.mask, 0, where);
    spec.unk_id = 3;
  }
  if (spec.vocab.size() <= static_cast<std::size_t>(spec.unk_id)) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary", std::to_string(spec.vocab.size()) + " pieces");
  }
}

UnigramNormalizer normalizer_of(Family family, const json& config, const SentencePieceModel& model,
                                const std::string& where) {
  std::vector<UnigramNormalizer::Step> steps;
  if (family == Family::albert) {
    steps.emplace_back(UnigramNormalizer::Replace{"``", "\""});
    steps.emplace_back(UnigramNormalizer::Replace{"''", "\""});
    if (!flag(config, "keep_accents", false)) {
      steps.emplace_back(UnigramNormalizer::Nfkd{});
      steps.emplace_back(UnigramNormalizer::StripAccents{});
    }
    if (flag(config, "do_lower_case", true)) steps.emplace_back(UnigramNormalizer::Lowercase{});
  }
  if (!model.precompiled_charsmap.empty()) {
    steps.emplace_back(std::make_shared<const text::Precompiled>(model.precompiled_charsmap, where));
  }
  return UnigramNormalizer(std::move(steps));
}

/// Control pieces and user's symbols of the model are added tokens, beside those that have a name.
void add_model_tokens(const SentencePieceModel& model, const SubwordModel& subword, TokenizerConfig& config) {
  using Type = SentencePieceModel::PieceType;
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    if (piece.type != Type::control && piece.type != Type::user_defined) continue;
    const auto known = [&](const AddedToken& token) { return token.content == piece.text; };
    if (std::any_of(config.added_tokens.begin(), config.added_tokens.end(), known)) continue;
    const auto id = subword.token_to_id(piece.text);
    if (!id) continue;
    config.added_tokens.push_back(
        {.content = std::string(piece.text), .id = *id, .special = piece.type == Type::control});
  }
}

LoadedTokenizer from_sentencepiece(const TokenizerFiles& files, std::string_view file) {
  const std::string where = files.where(file);
  const SentencePieceModel model = SentencePieceModel::parse(*files.find(file), where);
  if (model.model_type != 1) {
    throw Error(ErrorCode::unsupported, where, "a unigram model", "model type " + std::to_string(model.model_type));
  }
  const json config = tokenizer_config_json(files);
  const Family family = family_of(config, file == kSpieceModel, model, where);
  const SpecialTokenNames names = names_of(family, config);
  UnigramSpec spec;
  fill_vocab(family, model, names, where, spec);
  spec.normalizer = normalizer_of(family, config, model, where);
  spec.prepend_scheme = flag(config, "add_prefix_space", true) ? PrependScheme::always : PrependScheme::never;
  for (const std::string* name :
       {&names.unk, &names.pad, &names.cls, &names.sep, &names.mask, &names.bos, &names.eos}) {
    spec.vocab.mark_special(*name);
  }
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    if (piece.type == SentencePieceModel::PieceType::control) spec.vocab.mark_special(piece.text);
  }
  LoadedTokenizer loaded;
  loaded.model = std::make_unique<UnigramModel>(std::move(spec));
  read_common_config(files, *loaded.model, names, loaded.config);
  add_model_tokens(model, *loaded.model, loaded.config);
  loaded.config.overflow_keeps_types = true;  // TemplateProcessing
  const SpecialTokenIds& ids = loaded.config.special;
  loaded.config.tmpl = family == Family::albert ? bert_template(ids.cls, ids.sep) : roberta_template(ids.cls, ids.sep);
  return loaded;
}

}  // namespace

LoadedTokenizer load_unigram(const TokenizerFiles& files) {
  if (files.has(kTokenizerJson)) return from_tokenizer_json(files);
  for (const std::string_view file : {kSpieceModel, kSentencePieceModel}) {
    if (files.has(file)) return from_sentencepiece(files, file);
  }
  throw Error(ErrorCode::unsupported, "tokenizer", "tokenizer.json, spiece.model or sentencepiece.bpe.model",
              files.names());
}

}  // namespace bertrt::tokenizer
