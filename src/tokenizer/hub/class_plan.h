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
  /// Further special tokens behind those that the files list, where these have not their contents.
  std::vector<TokenValue> further_extra;
  std::vector<std::pair<std::string, TokenValue>> model_specific;
  bool user_pieces_are_extra = true;  ///< a sentencepiece model's user-defined pieces are further special tokens, too
  bool added_in_raw_text = false;     ///< the files' added tokens are never looked for in normalized text
  Stages stages;
  Decoder decoder;
  bool pads_left = false;
  bool takes_file_pad = false;  ///< the pad token of tokenizer.json's padding, where none is named
  bool cleans_up_bpe = false;   ///< decode() cleans up although the model is a BPE
  std::string word_end;         ///< see TokenizerConfig
  /// What the class puts around texts; none: it takes the file's, or else the texts alone.
  enum class Around { none, bert, bert_by_types, roberta, roberta_types_0, eos, xlnet, clip, herbert, splinter, mbart };
  Around around = Around::none;
  PostProcessors if_no_post_processor;  ///< with Around::none, where the file has none
  /// A BPE's options, which stand in the place of the file's.
  struct Bpe {
    std::string suffix;
    std::optional<std::string> unk_token;
    bool fuse_unk = false;
    bool byte_fallback = false;
    bool ignore_merges = false;
  };
  Bpe bpe;
  std::int32_t cls_type_id = 0;   ///< Funnel's first token
  std::int32_t cls_if_none = -1;  ///< ids that the class takes where a file sets the token to null
  std::int32_t sep_if_none = -1;
  std::string language;  ///< mBART's, which stands behind the text
  bool trim_offsets = false;
  bool add_prefix_space = false;
};

/// `charsmap`: the sentencepiece normalizer that the files hold; nullptr for none. nullopt for a class that is not
/// known here.
std::optional<ClassPlan> plan_class(std::string_view name, const Settings& settings,
                                    const std::shared_ptr<const text::Precompiled>& charsmap);

/// How transformers takes a sentencepiece model as it stands: without a class of its own, or under FNetTokenizer. It
/// follows the model's own settings for white space.
ClassPlan plan_sentencepiece(bool is_fnet, const Settings& settings, const SentencePieceModel& model,
                             const std::shared_ptr<const text::Precompiled>& charsmap);

}  // namespace bertrt::tokenizer
