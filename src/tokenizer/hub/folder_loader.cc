#include "tokenizer/hub/folder_loader.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/json.h"
#include "bertrt/error.h"
#include "tokenizer/bpe/bpe_vocab.h"
#include "tokenizer/files/model_spec.h"
#include "tokenizer/files/tokenizer_json.h"
#include "tokenizer/files/tokenizer_json_parts.h"
#include "tokenizer/hub/class_plan.h"
#include "tokenizer/hub/class_vocab.h"
#include "tokenizer/hub/esm.h"
#include "tokenizer/hub/file_stages.h"
#include "tokenizer/hub/named_tokens.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

constexpr std::string_view kTokenizerJson = "tokenizer.json";

std::string_view required(const TokenizerFiles& files, std::string_view name, const ClassChoice& choice) {
  const auto bytes = files.find(name);
  if (!bytes) {
    throw Error(ErrorCode::unsupported, files.names(), std::string(name) + " or tokenizer.json (" + choice.reason + ")",
                "neither");
  }
  return *bytes;
}

/// The sentencepiece model among the files that a class takes; "" for none.
std::string sentencepiece_file(const TokenizerFiles& files, std::string_view name, bool is_silent) {
  struct Row {
    std::string_view name;
    const char* file;
  };
  static constexpr Row kFiles[] = {{"DebertaV2Tokenizer", "spm.model"},
                                   {"AlbertTokenizer", "spiece.model"},
                                   {"T5Tokenizer", "spiece.model"},
                                   {"XLNetTokenizer", "spiece.model"},
                                   {"BigBirdTokenizer", "spiece.model"},
                                   {"FNetTokenizer", "spiece.model"},
                                   {"ReformerTokenizer", "spiece.model"},
                                   {"XLMRobertaTokenizer", "sentencepiece.bpe.model"},
                                   {"MBartTokenizer", "sentencepiece.bpe.model"},
                                   {"CamembertTokenizer", "sentencepiece.bpe.model"},
                                   {"BarthezTokenizer", "sentencepiece.bpe.model"},
                                   {"RemBertTokenizer", "sentencepiece.model"},
                                   {"GemmaTokenizer", "tokenizer.model"},
                                   {"LlamaTokenizer", "tokenizer.model"},
                                   {"TokenizersBackend", "tokenizer.model"}};
  if (is_silent && (name == "AlbertTokenizer" || name == "XLMRobertaTokenizer")) {
    for (const char* file : {"spiece.model", "sentencepiece.bpe.model", "spm.model", "tokenizer.model"}) {
      if (files.has(file)) return file;
    }
    return {};
  }
  for (const Row& row : kFiles) {
    if (row.name == name && files.has(row.file)) return row.file;
  }
  return {};
}

/// The classes of transformers 5.24 whose model_input_names have the types.
bool hands_types_on(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kClasses = {
      "BertTokenizer", "ConvBertTokenizer",   "DebertaTokenizer", "DebertaV2Tokenizer",
      "FNetTokenizer", "LayoutLMv2Tokenizer", "MarkupLMTokenizer"};
  return (name.starts_with("DPR") && name != "DPRReaderTokenizer") ||
         std::find(kClasses.begin(), kClasses.end(), name) != kClasses.end();
}

class FolderLoader {
 public:
  FolderLoader(const TokenizerFiles& files)
      : files_(files),
        json_(split(files)),
        settings_(files, json_ ? &*json_ : nullptr),
        choice_(choose(files, settings_)) {}

  LoadedTokenizer load() {
    if (choice_.name == "EsmTokenizer") {
      NamedTokens tokens;
      LoadedTokenizer loaded =
          load_esm(required(files_, "vocab.txt", choice_), files_.where("vocab.txt"), settings_, tokens);
      set_sides(std::nullopt, std::nullopt, false, loaded.config);
      finish(tokens, settings_.model_specific(), settings_.extra().value_or(std::vector<TokenValue>{}), false, loaded);
      return loaded;
    }
    if (choice_.kind == ClassKind::other) {
      throw Error(ErrorCode::unsupported, choice_.reason, "a tokenizer of the tokenizers library",
                  choice_.name + ", which is written in Python or needs another program");
    }
    const bool has_json = json_.has_value();
    if (choice_.kind == ClassKind::stands && choice_.name == "TokenizersBackend") {
      return has_json ? load_as_it_stands(std::nullopt) : load_rebuilt(choice_.name, {});
    }
    // Classes without a constructor of their own take their parent's, and tokenizer.json as it stands.
    const std::string parent = choice_.kind != ClassKind::stands ? choice_.name
                               : choice_.name == "FNetTokenizer" ? "AlbertTokenizer"
                               : choice_.name == "ConvBertTokenizer" || choice_.name.starts_with("DPR")
                                   ? "BertTokenizer"
                                   : choice_.name;
    FileStages stages;
    if (has_json) stages = read_file_stages(json_->rest, json_->where);
    if (choice_.kind == ClassKind::stands && has_json) return load_as_it_stands(parent);
    return load_rebuilt(choice_.name == "FNetTokenizer" ? choice_.name : parent, std::move(stages));
  }

 private:
  static std::optional<TokenizerJsonParts> split(const TokenizerFiles& files) {
    const auto bytes = files.find(kTokenizerJson);
    if (!bytes) return std::nullopt;
    return split_tokenizer_json(*bytes, files.where(kTokenizerJson));
  }
  static ClassChoice choose(const TokenizerFiles& files, const Settings& settings);

  /// No file says a word on the class.
  bool is_silent() const { return choice_.is_guess; }
  /// What the class is taken for is a guess then, so that its tokens must be there.
  void require_tokens(const ClassPlan& plan, const WordModel& model, const std::string& where) const {
    for (const auto* token : {&plan.tokens.unk, &plan.tokens.cls, &plan.tokens.sep}) {
      if (*token && !model.token_to_id((*token)->content)) {
        throw Error(ErrorCode::invalid_format, where, (*token)->content + " in the vocabulary", "none");
      }
    }
  }

  /// tokenizer.json's padding names the pad token where nothing else does; null is said, too.
  bool takes_file_pad(const NamedTokens& tokens, const FileStages& stages) const {
    return !tokens.pad && !settings_.says("pad_token") && !stages.pad_token.empty();
  }

  LoadedTokenizer load_as_it_stands(const std::optional<std::string>& parent);
  LoadedTokenizer load_rebuilt(const std::string& name, FileStages stages);
  ModelSpec read_spec(const std::string& name, const ClassPlan& plan, const SentencePieceModel* pieces,
                      std::string& where);
  PostProcessors around(const std::string& name, const ClassPlan& plan, const FileStages& stages,
                        const LoadedTokenizer& loaded) const;
  void set_sides(const std::optional<Side>& padding, const std::optional<Side>& truncation, bool pads_left,
                 TokenizerConfig& config) const;
  void finish(const NamedTokens& tokens, const Settings::KeyedTokens& specific, const std::vector<TokenValue>& extra,
              bool cleans_up_bpe, LoadedTokenizer& loaded) const;

  const TokenizerFiles& files_;
  std::optional<TokenizerJsonParts> json_;
  Settings settings_;
  ClassChoice choice_;
};

/// Files without any word on a class are taken for what their names are usual for, as this library always did; Hugging
/// Face refuses them.
ClassChoice FolderLoader::choose(const TokenizerFiles& files, const Settings& settings) {
  const ClassHints hints = settings.class_hints();
  ClassChoice choice = choose_class(hints);
  const bool is_silent = hints.tokenizer_class.empty() && hints.config_class.empty() && hints.model_type.empty();
  if (!is_silent || files.has(kTokenizerJson)) return choice;
  const auto usual = [&](const char* name) { return ClassChoice{name, ClassKind::rebuilt, choice.reason, true}; };
  if (const auto vocab = files.find("vocab.txt")) {
    const bool is_mpnet = vocab->find("[CLS]") == std::string_view::npos && vocab->starts_with("<s>");
    return usual(is_mpnet ? "MPNetTokenizer" : "BertTokenizer");
  }
  if (const auto vocab = files.find("vocab.json"); vocab && files.has("merges.txt")) {
    const bool is_deberta =
        vocab->find("\"[CLS]\"") != std::string_view::npos && vocab->find("\"<s>\"") == std::string_view::npos;
    return usual(is_deberta ? "DebertaTokenizer" : "RobertaTokenizer");
  }
  if (const auto model = files.find("spiece.model")) {
    const bool is_albert = model->find("[CLS]") != std::string_view::npos;
    if (is_albert) return usual("AlbertTokenizer");
    if (!files.has("sentencepiece.bpe.model")) return usual("XLMRobertaTokenizer");
  }
  return files.has("sentencepiece.bpe.model") ? usual("XLMRobertaTokenizer") : choice;
}

void FolderLoader::set_sides(const std::optional<Side>& padding, const std::optional<Side>& truncation, bool pads_left,
                             TokenizerConfig& config) const {
  const auto read = [&](const char* key, const std::optional<Side>& of_file, Side usual) {
    if (!settings_.has(key)) return of_file.value_or(usual);
    const std::string side = settings_.text(key, "");
    if (side != "left" && side != "right") {
      throw Error(ErrorCode::invalid_format, settings_.where() + ": " + key, "left or right", "\"" + side + "\"");
    }
    return side == "left" ? Side::left : Side::right;
  };
  config.padding_side = read("padding_side", padding, pads_left ? Side::left : Side::right);
  config.truncation_side = read("truncation_side", truncation, Side::right);
}

void FolderLoader::finish(const NamedTokens& tokens, const Settings::KeyedTokens& specific,
                          const std::vector<TokenValue>& extra, bool cleans_up_bpe, LoadedTokenizer& loaded) const {
  TokenizerConfig& config = loaded.config;
  config.added.finish(files_.names());
  for (const auto& [id, entry] : config.added.by_id()) {
    if (config.added.is_special(entry.token.content)) loaded.model->mark_special(entry.token.content);
  }
  const SpecialTokenIds usual = config.special;  // of a tokenizer.json as it stands, by the usual spellings
  config.special = special_ids(tokens, config.added, loaded.model->words());
  config.all_special = all_special_ids(tokens, specific, extra, config.added, loaded.model->words());
  config.pad_id = config.special.pad;
  for (auto member : {&SpecialTokenIds::unk, &SpecialTokenIds::pad, &SpecialTokenIds::cls, &SpecialTokenIds::sep,
                      &SpecialTokenIds::mask}) {
    if (config.special.*member < 0) config.special.*member = usual.*member;
  }
  config.split_special_tokens = settings_.flag("split_special_tokens", false);
  const bool is_bpe = loaded.model->words().family() == "bpe";
  config.clean_up_spaces =
      settings_.flag("clean_up_tokenization_spaces", false) &&
      (!is_bpe ||
       settings_.flag("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", cleans_up_bpe));
  config.model_max_length = settings_.model_max_length();
  config.types_are_input = settings_.types_are_input().value_or(is_silent() || hands_types_on(choice_.name));
}

LoadedTokenizer FolderLoader::load_as_it_stands(const std::optional<std::string>& parent) {
  LoadedTokenizer loaded = read_tokenizer_json(*json_);
  TokenizerConfig& config = loaded.config;
  config.pad_type_id = 0;
  const FileStages stages = read_file_stages(json_->rest, json_->where);
  std::vector<TokenValue> extra = settings_.extra().value_or(std::vector<TokenValue>{});
  NamedTokens tokens;
  std::optional<ClassPlan> plan;
  if (parent) plan = plan_class(*parent, settings_, stages.charsmap);
  if (parent && !plan) throw Error(ErrorCode::unsupported, choice_.reason, "a class that is known", choice_.name);
  if (plan) {
    tokens = plan->tokens;
  } else {
    const auto named = [&](const char* key) { return settings_.named(key, std::nullopt); };
    tokens = {named("bos_token"), named("eos_token"), named("unk_token"), named("sep_token"),
              named("pad_token"), named("cls_token"), named("mask_token")};
    if (takes_file_pad(tokens, stages)) tokens.pad = TokenValue::text(stages.pad_token);
  }
  add_named_tokens(settings_.added_tokens(), tokens, settings_.model_specific(), extra, loaded);
  // The parent's constructor puts its template in place of the file's, where it has one of its own behind it.
  if (plan && plan->around == ClassPlan::Around::bert) {
    config.post_processors = post_processors_of(*plan, tokens, config.added, loaded.model->words());
  } else if (!stages.has_post_processor) {
    config.post_processors = texts_alone();
  }
  set_sides(stages.padding_side, stages.truncation_side, false, config);
  finish(tokens, settings_.model_specific(), extra, plan && plan->cleans_up_bpe, loaded);
  return loaded;
}

ModelSpec FolderLoader::read_spec(const std::string& name, const ClassPlan& plan, const SentencePieceModel* pieces,
                                  std::string& where) {
  if (json_) {
    where = json_->where;
    ModelSpec spec = read_model(json_->model, where + ": model", JsonReader::python);
    const bool fits = plan.model == ClassModel::wordpiece ? std::holds_alternative<WordPieceFiles>(spec)
                      : plan.model == ClassModel::bpe     ? std::holds_alternative<BpeSpec>(spec)
                                                          : std::holds_alternative<UnigramPieces>(spec);
    if (!fits) {
      throw Error(ErrorCode::unsupported, where + ": model",
                  "the kind of model that " + name + " has (" + choice_.reason + ")", "another");
    }
    return spec;
  }
  if (plan.model == ClassModel::wordpiece) {
    where = files_.where("vocab.txt");
    WordPieceFiles spec;
    read_vocab_txt(required(files_, "vocab.txt", choice_), where, spec.vocab);
    return spec;
  }
  if (pieces != nullptr) return sentencepiece_spec(name, plan, settings_, *pieces, where);
  if (plan.model == ClassModel::unigram || plan.bpe.fuse_unk) {  // those that come from sentencepiece
    required(files_, "a sentencepiece model", choice_);
  }
  where = files_.where("vocab.json");
  BpeSpec spec;
  read_vocab_json(required(files_, "vocab.json", choice_), where, spec.vocab);
  read_merges_txt(required(files_, "merges.txt", choice_), files_.where("merges.txt"), spec.vocab, spec.merges);
  return spec;
}

/// What stands around texts under a class that builds its stages.
PostProcessors FolderLoader::around(const std::string& name, const ClassPlan& plan, const FileStages& stages,
                                    const LoadedTokenizer& loaded) const {
  const TokenizerConfig& config = loaded.config;
  // RemBERT's constructor ends with the template that a tokenizer without one gets.
  const bool has_none =
      plan.around == ClassPlan::Around::none || (name == "RemBertTokenizer" && !stages.has_post_processor);
  const bool has_json = files_.has(kTokenizerJson);
  const bool says = settings_.has("add_bos_token") || settings_.has("add_eos_token");
  // ALBERT's makes its own before the files are looked at.
  const bool files_win = name == "AlbertTokenizer" && (has_json ? stages.has_post_processor : says);
  if (!has_none && !files_win) {
    return post_processors_of(plan, plan.tokens, config.added, loaded.model->words(),
                              config.padding_side == Side::left);
  }
  const auto texts = [&] { return texts_between(settings_, plan.tokens, config.added, loaded.model->words()); };
  if (name == "GPTNeoXTokenizer") return has_json ? texts_alone() : texts();
  if (stages.has_post_processor) return stages.post_processors;
  if (has_json) return plan.if_no_post_processor.empty() ? texts_alone() : plan.if_no_post_processor;
  return says || plan.if_no_post_processor.empty() ? texts() : plan.if_no_post_processor;
}

LoadedTokenizer FolderLoader::load_rebuilt(const std::string& name, FileStages stages) {
  const std::string file = files_.has(kTokenizerJson) ? std::string() : sentencepiece_file(files_, name, is_silent());
  std::string where = files_.where(file);
  std::optional<SentencePieceModel> pieces;
  if (!file.empty()) {
    pieces = SentencePieceModel::parse(*files_.find(file), where);
    if (!pieces->precompiled_charsmap.empty()) {
      stages.charsmap = std::make_shared<const text::Precompiled>(pieces->precompiled_charsmap, where);
    }
  }
  const bool as_it_stands = name == "TokenizersBackend" || name == "FNetTokenizer";
  if (as_it_stands && !pieces) required(files_, name == "FNetTokenizer" ? "spiece.model" : "tokenizer.model", choice_);
  std::optional<ClassPlan> plan = as_it_stands
                                      ? plan_sentencepiece(name == "FNetTokenizer", settings_, *pieces, stages.charsmap)
                                      : plan_class(name, settings_, stages.charsmap);
  if (!plan) {
    throw Error(ErrorCode::unsupported, choice_.reason, "a tokenizer class that this library has (docs/tokenizers.md)",
                name);
  }
  if (plan->takes_file_pad && takes_file_pad(plan->tokens, stages)) {
    plan->tokens.pad = TokenValue::text(stages.pad_token);
  }
  ModelSpec spec = read_spec(name, *plan, pieces ? &*pieces : nullptr, where);
  set_class_options(name, *plan, settings_, pieces ? &*pieces : nullptr, spec);
  LoadedTokenizer loaded;
  loaded.stages = std::make_shared<const Stages>(std::move(plan->stages));
  loaded.model = build_model(std::move(spec), loaded.stages, where);
  if (is_silent() && plan->model == ClassModel::wordpiece) require_tokens(*plan, loaded.model->words(), where);
  TokenizerConfig& config = loaded.config;
  config.decoder = std::move(plan->decoder);
  config.word_end = plan->word_end;
  std::vector<TokenValue> extra = extra_tokens(settings_, *plan, pieces ? &*pieces : nullptr);
  std::vector<std::pair<std::string, TokenValue>> specific = plan->model_specific;
  for (const auto& one : settings_.model_specific()) {
    const auto known =
        std::find_if(specific.begin(), specific.end(), [&](const auto& other) { return other.first == one.first; });
    if (known != specific.end()) {
      known->second = one.second;
    } else {
      specific.push_back(one);
    }
  }
  set_sides(stages.padding_side, stages.truncation_side, plan->pads_left, config);
  std::map<std::int64_t, TokenValue> of_files = settings_.added_tokens();
  if (plan->added_in_raw_text) {
    for (auto& [id, token] : of_files) token.normalized = false;
  }
  add_named_tokens(of_files, plan->tokens, specific, extra, loaded);
  const bool plainly = name == "Qwen2Tokenizer";
  if (plainly || name == "RemBertTokenizer" || name == "ReformerTokenizer") {
    add_again(plainly, plan->tokens, specific, extra, loaded);
  }
  config.post_processors = around(name, *plan, stages, loaded);
  finish(plan->tokens, specific, extra, plan->cleans_up_bpe, loaded);
  return loaded;
}

}  // namespace

LoadedTokenizer load_folder(const TokenizerFiles& files) { return FolderLoader(files).load(); }

}  // namespace bertrt::tokenizer
