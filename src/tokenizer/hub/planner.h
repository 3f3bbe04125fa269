#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/hub/class_plan.h"

namespace bertrt::tokenizer {

/// Puts one class's plan together. The classes of one kind of model stand in one file: wordpiece_plans.cc,
/// bpe_plans.cc, unigram_plans.cc.
class Planner {
 public:
  Planner(const Settings& settings, const std::shared_ptr<const text::Precompiled>& charsmap)
      : settings_(settings), charsmap_(charsmap) {}

  /// nullopt for a class that is not known here.
  std::optional<ClassPlan> plan(std::string_view name);
  /// See plan_sentencepiece().
  ClassPlan plan(bool is_fnet, const SentencePieceModel& model);

 private:
  using Around = ClassPlan::Around;
  using PrependScheme = pre_tokenizers::PrependScheme;

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
  static constexpr Names kBert = {nullptr, nullptr, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"};
  static constexpr Names kRoberta = {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"};

  bool plan_wordpiece(std::string_view name);
  bool plan_bpe(std::string_view name);
  bool plan_unigram(std::string_view name);

  // What several classes do.
  void name_tokens(const Names& names, bool mask_takes_space = false);
  static void make_left_strip(std::optional<TokenValue>& mask);
  static void make_added(std::optional<TokenValue>& token);
  std::string unk_text() const { return plan_.tokens.unk ? plan_.tokens.unk->content : std::string(); }
  void bert_stages(bool clean_text, bool chinese, std::optional<bool> strip_accents, bool lowercase);
  void bert_stages(bool clean_text);
  void decode_by(decoders::Step step) { plan_.decoder = Decoder({std::move(step)}); }
  /// A mark's spaces, bytes, one text; perhaps without the space that was put in.
  void decode_by_marks(bool drops_first);
  void byte_level(bool add_prefix_space);
  void metaspace(PrependScheme scheme, bool splits_white_space);
  PrependScheme scheme(PrependScheme otherwise = PrependScheme::never) const;
  void add_charsmap(std::vector<normalizers::Step>& steps) const;

  // WordPiece
  void bert(std::string_view name);
  void funnel();
  void mpnet();

  // BPE
  void roberta(bool is_deberta);
  void luke();
  void blenderbot();
  void gpt(std::string_view name);
  void clip();
  void words_with_ends(bool is_herbert);
  void llama();
  void gemma();
  void reformer();

  // unigram
  void albert(bool is_rembert);
  void xlm_roberta(bool is_camembert);
  void white_space_to_spaces(bool lowercase);
  void deberta_v2();
  void barthez();
  void big_bird();
  void t5();
  void mbart();
  void xlnet();

  const Settings& settings_;
  const std::shared_ptr<const text::Precompiled>& charsmap_;
  ClassPlan plan_;
};

// Steps that several classes have.
std::shared_ptr<const text::Regex> pattern_of(std::string_view pattern);
normalizers::Step replace(std::string_view from, std::string to);
normalizers::Step replace_all(std::string_view pattern, std::string to);

}  // namespace bertrt::tokenizer
