#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/subword_model.h"

namespace bertrt::tokenizer {

/// A token that is recognized in the text before the model sees it (tokenizer.json's "added_tokens").
struct AddedToken {
  std::string content;
  std::int32_t id = -1;      ///< -1 until the loader has looked it up in the vocabulary
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space behind it
  bool normalized = false;   ///< looked for in normalized text, itself normalized
  bool special = true;       ///< left out by decode(skip_special_tokens), ignored with parse_special_tokens = false
};

/// One step of a template: a special token, or one of the texts.
struct TemplatePiece {
  enum class Kind { special, first, second };
  Kind kind = Kind::special;
  std::int32_t id = -1;  ///< of a special token
  std::int32_t type_id = 0;
};

/// What is put around one text and around a pair (tokenizer.json's "post_processor").
struct Template {
  std::vector<TemplatePiece> single;
  std::vector<TemplatePiece> pair;
};

enum class Side { right, left };

/// Everything about a tokenizer that is not its SubwordModel. Families' loaders fill it.
struct TokenizerConfig {
  std::vector<AddedToken> added_tokens;
  Template tmpl;
  SpecialTokenIds special;
  Side padding_side = Side::right;
  Side truncation_side = Side::right;
  std::int32_t pad_type_id = 0;
  /// TemplateProcessing gives its types to the encoding alone: in the overflow, the further windows of a text keep the
  /// type that they were encoded with, 0 for the first text and 1 for the second.
  bool overflow_keeps_types = false;
  /// Byte-level families: offsets lose the white space (and Ġ) at a token's ends, after truncation, as ByteLevel's and
  /// RobertaProcessing's post-processors do. The facade does it.
  bool trim_offsets = false;
  /// The post-processor's own add_prefix_space: a first token's single leading space was put in by the tokenizer,
  /// so nothing is trimmed there.
  bool trim_keeps_prefix_space = false;
};

/// What a family's loader returns.
struct LoadedTokenizer {
  std::unique_ptr<const SubwordModel> model;
  TokenizerConfig config;
};

/// [CLS] A [SEP] with types 0, and [CLS] A [SEP] B [SEP] with types 0 0 0 1 1: BERT, DistilBERT, ELECTRA,
/// MobileBERT, LayoutLM, ALBERT.
Template bert_template(std::int32_t cls, std::int32_t sep);

/// <s> A </s> and <s> A </s> </s> B </s>, types 0: RoBERTa, Longformer, DeBERTa, XLM-R, CamemBERT, MPNet.
Template roberta_template(std::int32_t cls, std::int32_t sep);

}  // namespace bertrt::tokenizer
