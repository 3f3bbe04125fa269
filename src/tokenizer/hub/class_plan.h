#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/decoders/decoder.h"
#include "tokenizer/files/model_spec.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/templates/post_processor.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// Which model a class has, and so which files it takes.
enum class ClassModel { wordpiece, bpe, unigram };

/// The named special tokens of a tokenizer, in transformers' order. nullopt: none.
struct NamedTokens {
  std::optional<TokenValue> bos, eos, unk, sep, pad, cls, mask;
};

/// A class of transformers that builds its stages by itself: what it makes of a vocabulary and of the settings.
struct ClassPlan {
  ClassModel model = ClassModel::wordpiece;
  NamedTokens tokens;
  /// Further special tokens where the files list none.
  std::vector<TokenValue> usual_extra;
  std::vector<std::pair<std::string, TokenValue>> model_specific;
  Stages stages;
  Decoder decoder;
  bool pads_left = false;
  std::int32_t pad_type_id = 0;
  std::string word_end;  ///< see TokenizerConfig
  /// What the class puts around texts; none: it takes the file's, or else the texts alone.
  enum class Around { none, bert, bert_by_types, roberta, roberta_types_0, eos, xlnet, clip, herbert, splinter, mbart };
  Around around = Around::none;
  std::int32_t cls_type_id = 0;  ///< Funnel's first token
  std::int32_t cls_if_none = -1;  ///< ids that the class takes where a file sets the token to null
  std::int32_t sep_if_none = -1;
  std::string language;  ///< mBART's, which stands behind the text
  bool trim_offsets = false;
  bool add_prefix_space = false;
};

/// `charsmap`: the sentencepiece normalizer that the files hold; nullptr for none. nullopt for a class that is not known
/// here.
std::optional<ClassPlan> plan_class(std::string_view name, const Settings& settings,
                                    const std::shared_ptr<const text::Precompiled>& charsmap);

/// Gives a model that was read from files the options that the class has in place of the files'.
void set_class_options(std::string_view name, const ClassPlan& plan, const Settings& settings, ModelSpec& spec);

/// The vocabulary of a sentencepiece model as the class has it.
UnigramPieces pieces_of(std::string_view name, const ClassPlan& plan, const Settings& settings,
                        const SentencePieceModel& model, const std::string& where);

}  // namespace bertrt::tokenizer
