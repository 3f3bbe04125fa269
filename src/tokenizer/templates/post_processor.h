#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bertrt::tokenizer {

/// One step of a template: a special token, or one of the texts.
struct TemplatePiece {
  enum class Kind { special, first, second };
  Kind kind = Kind::special;
  std::int32_t id = -1;  ///< of a special token
  std::int32_t type_id = 0;
  bool goes_on = false;  ///< one more id of the special token before it
};

/// What is put around one text and around a pair.
struct Template {
  std::vector<TemplatePiece> single;
  std::vector<TemplatePiece> pair;
};

// tokenizer.json's post-processors as values, one struct a kind.
namespace post_processors {

struct TemplateProcessing {
  Template steps;
  std::string
      missing_single;  ///< a special token that the template names and the file does not explain: used, an Error
  std::string missing_pair;
};
struct Bert {
  std::int32_t cls = -1;
  std::int32_t sep = -1;
};
struct Roberta {
  std::int32_t cls = -1;
  std::int32_t sep = -1;
  bool trim_offsets = true;
  bool add_prefix_space = true;
};
/// Trims offsets, puts nothing in.
struct ByteLevel {
  bool trim_offsets = true;
  bool add_prefix_space = true;
};

using Step = std::variant<TemplateProcessing, Bert, Roberta, ByteLevel>;

}  // namespace post_processors

/// A post-processor: steps, one after the other. None: the texts alone.
using PostProcessors = std::vector<post_processors::Step>;

/// [CLS] A [SEP] with types 0, and [CLS] A [SEP] B [SEP] with types 0 0 0 1 1: BERT and many others.
Template bert_template(std::int32_t cls, std::int32_t sep);

/// <s> A </s> and <s> A </s> </s> B </s>, types 0: RoBERTa, Longformer, DeBERTa, XLM-R, CamemBERT, MPNet.
Template roberta_template(std::int32_t cls, std::int32_t sep);

}  // namespace bertrt::tokenizer
