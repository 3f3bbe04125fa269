#include "tokenizer/hub/class_plan.h"

#include <algorithm>
#include <array>
#include <memory>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

using Around = ClassPlan::Around;
using pre_tokenizers::PrependScheme;

constexpr std::string_view kClip =
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::shared_ptr<const text::Regex> regex(std::string_view pattern) {
  return std::make_shared<const text::Regex>(pattern, std::string("pattern"));
}

normalizers::Step replace(std::string_view from, std::string to) {
  return normalizers::Replace{std::make_shared<const text::Regex>(text::Regex::literal(from)), std::move(to), true};
}

normalizers::Step replace_all(std::string_view pattern, std::string to) {
  return normalizers::Replace{regex(pattern), std::move(to), false};
}

constexpr std::array<const char*, 25> kLanguages = {"ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN",
                                                    "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP",
                                                    "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN"};

/// The usual names of a class; nullptr: none.
struct Names {
  const char* bos;
  const char* eos;
  const char* unk;
  const char* sep;
  const char* pad;
  const char* cls;
  const char* mask;
};
constexpr Names kBert = {nullptr, nullptr, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"};
constexpr Names kRoberta = {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"};

class Planner {
 public:
  Planner(const Settings& settings, const std::shared_ptr<const text::Precompiled>& charsmap)
      : settings_(settings), charsmap_(charsmap) {}

  std::optional<ClassPlan> plan(std::string_view name) {
    if (name == "BertTokenizer" || name == "DistilBertTokenizer" || name.starts_with("DPR") || name == "SplinterTokenizer") {
      bert(name == "SplinterTokenizer");
    } else if (name == "FunnelTokenizer") {
      funnel();
    } else if (name == "MPNetTokenizer") {
      mpnet();
    } else if (name == "RobertaTokenizer" || name == "DebertaTokenizer") {
      roberta(name == "DebertaTokenizer");
    } else if (name == "GPT2Tokenizer" || name == "GPTNeoXTokenizer" || name == "Qwen2Tokenizer") {
      gpt(name);
    } else if (name == "CLIPTokenizer") {
      clip();
    } else if (name == "OpenAIGPTTokenizer" || name == "HerbertTokenizer") {
      words_with_ends(name == "HerbertTokenizer");
    } else if (!plan_unigram(name)) {
      return std::nullopt;
    }
    return std::move(plan_);
  }

 private:
  bool plan_unigram(std::string_view name) {
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

  void name_tokens(const Names& names, bool mask_takes_space = false) {
    const auto named = [&](const char* key, const char* usual) {
      return settings_.named(key, usual == nullptr ? std::nullopt : std::optional(TokenValue::text(usual)));
    };
    plan_.tokens = {named("bos_token", names.bos), named("eos_token", names.eos), named("unk_token", names.unk),
                    named("sep_token", names.sep), named("pad_token", names.pad), named("cls_token", names.cls),
                    named("mask_token", names.mask)};
    if (mask_takes_space) make_left_strip(plan_.tokens.mask);
  }
  static void make_left_strip(std::optional<TokenValue>& mask) {
    if (mask && mask->is_text) mask = TokenValue{.content = mask->content, .lstrip = true, .is_text = false};
  }
  static void make_added(std::optional<TokenValue>& token) {
    if (token) token->is_text = false;
  }

  void bert_stages(bool clean_text, bool chinese, std::optional<bool> strip_accents, bool lowercase) {
    text::BertNormalizerOptions options;
    options.clean_text = clean_text;
    options.handle_chinese_chars = chinese;
    options.lowercase = lowercase;
    options.strip_accents = strip_accents.value_or(lowercase);
    plan_.stages = {Normalizer({normalizers::Bert{options}}), PreTokenizer({pre_tokenizers::Bert{}})};
  }
  void bert_stages(bool clean_text) {
    bert_stages(clean_text, settings_.flag("tokenize_chinese_chars", true), settings_.optional_flag("strip_accents"),
                settings_.flag("do_lower_case", true));
  }
  void decode_by(decoders::Step step) { plan_.decoder = Decoder({std::move(step)}); }

  void bert(bool is_splinter) {
    name_tokens(kBert);
    bert_stages(true);
    decode_by(decoders::WordPiece{});
    plan_.around = is_splinter ? Around::splinter : Around::bert;
    if (!is_splinter) {
      plan_.cls_if_none = 2;
      plan_.sep_if_none = 3;
    }
    if (is_splinter) plan_.model_specific.emplace_back("question_token", TokenValue::text("[QUESTION]"));
  }
  void funnel() {
    name_tokens({"<s>", "</s>", "<unk>", "<sep>", "<pad>", "<cls>", "<mask>"});
    bert_stages(settings_.flag("clean_text", true));
    decode_by(decoders::WordPiece{settings_.text("wordpieces_prefix", "##"), true});
    plan_.around = Around::bert;
    plan_.cls_type_id = 2;
  }
  void mpnet() {
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
  void roberta(bool is_deberta) {
    plan_.model = ClassModel::bpe;
    name_tokens(is_deberta ? Names{"[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"} : kRoberta);
    plan_.add_prefix_space = settings_.flag("add_prefix_space", false);
    plan_.stages.pre_tokenizer = PreTokenizer({pre_tokenizers::ByteLevel{plan_.add_prefix_space, true}});
    decode_by(decoders::ByteLevel{});
    plan_.around = is_deberta ? Around::roberta_types_0 : Around::roberta;
    plan_.trim_offsets = settings_.flag("trim_offsets", true);
  }
  void gpt(std::string_view name) {
    plan_.model = ClassModel::bpe;
    const char* end = "<|endoftext|>";
    const bool adds_space = settings_.flag("add_prefix_space", false);
    decode_by(decoders::ByteLevel{});
    if (name == "Qwen2Tokenizer") {
      name_tokens({nullptr, end, end, nullptr, end, nullptr, nullptr});
      plan_.stages.normalizer = Normalizer({normalizers::Nfc{}});
      plan_.stages.pre_tokenizer = PreTokenizer({pre_tokenizers::Split{regex(kQwen2), pre_tokenizers::Behavior::isolated, false, false},
                                                 pre_tokenizers::ByteLevel{adds_space, false}});
      return;
    }
    const bool is_neox = name == "GPTNeoXTokenizer";
    name_tokens({end, end, end, nullptr, is_neox ? "<|padding|>" : nullptr, nullptr, nullptr});
    if (is_neox) plan_.stages.normalizer = Normalizer({normalizers::Nfc{}});
    plan_.stages.pre_tokenizer = PreTokenizer({pre_tokenizers::ByteLevel{adds_space, true}});
  }
  void clip() {
    plan_.model = ClassModel::bpe;
    const char* end = "<|endoftext|>";
    name_tokens({"<|startoftext|>", end, end, nullptr, end, nullptr, nullptr});
    plan_.stages.normalizer = Normalizer({normalizers::Nfc{}, replace_all(R"(\s+)", " "), normalizers::Lowercase{}});
    plan_.stages.pre_tokenizer = PreTokenizer({pre_tokenizers::Split{regex(kClip), pre_tokenizers::Behavior::removed, true, false},
                                               pre_tokenizers::ByteLevel{false, true}});
    decode_by(decoders::ByteLevel{});
    plan_.around = Around::clip;
    plan_.word_end = "</w>";
  }
  void words_with_ends(bool is_herbert) {
    plan_.model = ClassModel::bpe;
    if (is_herbert) {
      name_tokens({nullptr, nullptr, "<unk>", "</s>", "<pad>", "<s>", "<mask>"});
      bert_stages(true, true, false, false);
      plan_.around = Around::herbert;
    } else {
      name_tokens({nullptr, nullptr, "<unk>", nullptr, nullptr, nullptr, nullptr});
      bert_stages(true, true, std::nullopt, true);
    }
    decode_by(decoders::Bpe{});
  }

  void metaspace(PrependScheme scheme, bool splits_white_space) {
    std::vector<pre_tokenizers::Step> steps;
    if (splits_white_space) steps.emplace_back(pre_tokenizers::WhitespaceSplit{});
    pre_tokenizers::Metaspace step;
    step.scheme = scheme;
    steps.emplace_back(step);
    plan_.stages.pre_tokenizer = PreTokenizer(std::move(steps));
    decode_by(decoders::Metaspace{0x2581, scheme != PrependScheme::never});
  }
  PrependScheme scheme(PrependScheme otherwise = PrependScheme::never) const {
    return settings_.flag("add_prefix_space", true) ? PrependScheme::always : otherwise;
  }
  void add_charsmap(std::vector<normalizers::Step>& steps) const {
    if (charsmap_ != nullptr) steps.emplace_back(charsmap_);
  }

  void albert(bool is_rembert) {
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
  void xlm_roberta(bool is_camembert) {
    name_tokens(kRoberta);
    if (is_camembert) {
      make_left_strip(plan_.tokens.mask);
      if (plan_.tokens.mask && !plan_.tokens.mask->is_text && plan_.tokens.mask->lstrip) plan_.tokens.mask->special = true;
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
  void white_space_to_spaces(bool lowercase) {
    std::vector<normalizers::Step> steps;
    if (lowercase) steps.emplace_back(normalizers::Lowercase{});
    steps.push_back(replace_all(R"(\s{2,}|[\n\r\t])", " "));
    steps.emplace_back(normalizers::Nfc{});
    steps.emplace_back(normalizers::Strip{false, true});
    plan_.stages.normalizer = Normalizer(std::move(steps));
  }
  void deberta_v2() {
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
  void barthez() {
    name_tokens(kRoberta, true);
    white_space_to_spaces(false);
    metaspace(scheme(), false);
  }
  void big_bird() {
    name_tokens({"<s>", "</s>", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"}, true);
    for (auto* token : {&plan_.tokens.bos, &plan_.tokens.eos, &plan_.tokens.unk, &plan_.tokens.pad, &plan_.tokens.cls,
                        &plan_.tokens.sep}) {
      make_added(*token);
    }
    plan_.stages.normalizer = Normalizer({normalizers::Strip{false, false}, replace_all(" {2,}", "\xE2\x96\x81")});
    metaspace(scheme(), false);
    plan_.around = Around::bert;
  }
  void t5() {
    name_tokens({nullptr, "</s>", "<unk>", nullptr, "<pad>", nullptr, nullptr});
    const std::int64_t count = settings_.number("extra_ids", 100);
    if (count > 1000) throw Error(ErrorCode::unsupported, settings_.where() + ": extra_ids", "at most 1000", std::to_string(count));
    for (std::int64_t i = 0; i < count; ++i) {
      plan_.usual_extra.push_back(TokenValue::text("<extra_id_" + std::to_string(i) + ">"));
    }
    std::vector<normalizers::Step> steps;
    add_charsmap(steps);
    plan_.stages.normalizer = Normalizer(std::move(steps));
    metaspace(PrependScheme::always, true);
    plan_.around = Around::eos;
  }
  void mbart() {
    name_tokens(kRoberta, true);
    for (const char* language : kLanguages) plan_.usual_extra.push_back(TokenValue::text(language));
    metaspace(PrependScheme::always, true);
    plan_.around = Around::mbart;
    plan_.language = settings_.text("src_lang", "en_XX");
  }
  void xlnet() {
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
    plan_.pad_type_id = 3;
  }

  const Settings& settings_;
  const std::shared_ptr<const text::Precompiled>& charsmap_;
  ClassPlan plan_;
};

std::string content_of(const std::optional<TokenValue>& token) { return token ? token->content : std::string(); }

/// The id of the piece that has this text and the score 0, as Python's list.index finds it; -1 for none.
std::int32_t index_of(const UnigramPieces& pieces, std::string_view text, bool any_score) {
  for (std::size_t i = 0; i < pieces.vocab.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (pieces.vocab.piece(id) == text && (any_score || pieces.vocab.score(id) == 0)) return id;
  }
  return -1;
}

}  // namespace

std::optional<ClassPlan> plan_class(std::string_view name, const Settings& settings,
                                    const std::shared_ptr<const text::Precompiled>& charsmap) {
  return Planner(settings, charsmap).plan(name);
}

void set_class_options(std::string_view name, const ClassPlan& plan, const Settings& settings, ModelSpec& spec) {
  const std::string unk = content_of(plan.tokens.unk);
  if (auto* words = std::get_if<WordPieceFiles>(&spec)) {
    words->options = {};
    words->options.unk_token = unk;
  } else if (auto* bpe = std::get_if<BpeSpec>(&spec)) {
    const bool has_ends = name == "CLIPTokenizer" || name == "OpenAIGPTTokenizer" || name == "HerbertTokenizer";
    if (!bpe->prefix.empty()) {
      throw Error(ErrorCode::unsupported, "tokenizer.json: model", "no continuing_subword_prefix under " + std::string(name),
                  bpe->prefix);
    }
    bpe->suffix = has_ends ? "</w>" : "";
    bpe->unk_token = has_ends ? std::optional(unk) : std::nullopt;
    bpe->fuse_unk = bpe->ignore_merges = bpe->byte_fallback = false;
  } else if (auto* pieces = std::get_if<UnigramPieces>(&spec)) {
    pieces->byte_fallback = false;
    std::int32_t id = 3;  // XLM-R, Barthez
    if (name == "AlbertTokenizer") id = 1;
    if (name == "RemBertTokenizer" || name == "T5Tokenizer") id = 2;
    if (name == "XLNetTokenizer") id = static_cast<std::int32_t>(settings.number("unk_id", pieces->unk_id < 0 ? 0 : pieces->unk_id));
    if (name == "CamembertTokenizer") id = std::max(index_of(*pieces, unk, true), 0);
    if (name == "DebertaV2Tokenizer" || name == "BigBirdTokenizer") {
      id = index_of(*pieces, unk, false);
      if (id < 0) id = name == "BigBirdTokenizer" ? 100 : static_cast<std::int32_t>(settings.number("unk_id", pieces->unk_id < 0 ? 1 : pieces->unk_id));
    }
    if (id < 0 || static_cast<std::size_t>(id) >= pieces->vocab.size()) {
      throw Error(ErrorCode::invalid_format, std::string(name), "the unknown piece " + std::to_string(id) + " in the vocabulary",
                  std::to_string(pieces->vocab.size()) + " pieces");
    }
    pieces->unk_id = id;
  }
}

UnigramPieces pieces_of(std::string_view name, const ClassPlan& plan, const Settings& settings,
                        const SentencePieceModel& model, const std::string& where) {
  std::vector<std::pair<std::string, double>> before;
  std::vector<std::string> behind;
  std::size_t left_out = 0;
  // The names that the files give, not the class's: what is renamed is renamed in the vocabulary, too.
  const auto name_of = [&](const char* key, const char* usual) { return settings.named(key, TokenValue::text(usual))->content; };
  if (name == "XLMRobertaTokenizer" || name == "MBartTokenizer") {
    before = {{name_of("bos_token", "<s>"), 0}, {name_of("pad_token", "<pad>"), 0}, {name_of("eos_token", "</s>"), 0}, {name_of("unk_token", "<unk>"), 0}};
    left_out = 3;
    if (name == "MBartTokenizer") behind.assign(kLanguages.begin(), kLanguages.end());
    behind.push_back(name_of("mask_token", "<mask>"));
  } else if (name == "CamembertTokenizer") {
    before = {{"<s>NOTUSED", 0}, {name_of("pad_token", "<pad>"), 0}, {"</s>NOTUSED", 0}, {name_of("unk_token", "<unk>"), 0}, {"<unk>NOTUSED", -100}};
    left_out = 1;
    behind = {name_of("mask_token", "<mask>")};
  } else if (name == "T5Tokenizer") {
    for (std::size_t i = plan.usual_extra.size(); i > 0; --i) behind.push_back("<extra_id_" + std::to_string(i - 1) + ">");
  }
  UnigramPieces pieces;
  std::size_t bytes = 64;
  for (const SentencePieceModel::Piece& piece : model.pieces) bytes += piece.text.size();
  pieces.vocab.reserve(model.pieces.size() + before.size() + behind.size(), bytes);
  for (const auto& [piece, score] : before) pieces.vocab.add(piece, score, where);
  for (std::size_t i = left_out; i < model.pieces.size(); ++i) {
    pieces.vocab.add(model.pieces[i].text, model.pieces[i].score, where);
  }
  for (const std::string& piece : behind) pieces.vocab.add(piece, 0, where);
  pieces.unk_id = model.unk_id;
  return pieces;
}

}  // namespace bertrt::tokenizer
