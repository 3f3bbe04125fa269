#include "family/checkpoint_heads.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/named_tables.h"

namespace bertrt::family {
namespace {

using Reads = HeadSpec::Reads;

// What the end of a class's name says.
struct ClassRow {
  std::string_view ending;
  std::vector<HeadKind> heads;
};

const std::vector<ClassRow>& classes() {
  static const std::vector<ClassRow> rows = {
      {"ForMaskedLM", {HeadKind::masked_lm}},
      {"ForCausalLM", {HeadKind::masked_lm}},  // is_decoder is false, or config.json was refused
      {"LMHeadModel", {HeadKind::masked_lm}},
      {"ForSequenceClassification", {HeadKind::sequence_classification}},
      {"ForTokenClassification", {HeadKind::token_classification}},
      {"ForQuestionAnswering", {HeadKind::question_answering}},
      {"ForNextSentencePrediction", {HeadKind::next_sentence}},
      {"ForMultipleChoice", {HeadKind::multiple_choice}},
      {"HF_ColBERT", {}},  // its projection is a module's (read_stanford_colbert)
      {"Model", {}},
  };
  return rows;
}

std::vector<HeadKind> pretraining(std::string_view model_type) {
  if (model_type == "electra") return {HeadKind::replaced_token};
  if (model_type == "albert") return {HeadKind::masked_lm, HeadKind::sentence_order};
  if (model_type == "nomic_bert") return {HeadKind::masked_lm};
  return {HeadKind::masked_lm, HeadKind::next_sentence};
}

// The heads that a class has; nothing for a class that is not known.
std::optional<std::vector<HeadKind>> heads_of_class(const std::string& name, const std::string& model_type) {
  if (name.ends_with("ForPreTraining")) return pretraining(model_type);
  for (const ClassRow& row : classes()) {
    if (name.ends_with(row.ending)) return row.heads;
  }
  return std::nullopt;
}

class HeadReader {
 public:
  /// @param labels_why  where the number of classes comes from
  HeadReader(WeightTaker& top, const CheckpointConfig& config, const EncoderSpec& encoder,
             std::vector<std::string>& findings, std::string labels_why)
      : top_(top), config_(config), encoder_(encoder), findings_(findings), labels_why_(std::move(labels_why)) {}

  bool is_there(HeadKind kind) const {
    if (named_by_architectures()) return false;
    if (kind == HeadKind::masked_lm) return top_.has(lm_names().dense);
    return top_.has(classifier_names(kind, config_.model_type).output);
  }

  /// Whether the layer that gives a classifier's numbers is there, though other heads may call theirs the same.
  bool has_output(HeadKind kind) const { return top_.has(classifier_names(kind, config_.model_type).output); }

  /// Whether not one of the head's own weights is there, as in the many folders whose config.json names the class that
  /// the encoder was trained with: an encoder saved by itself. A head without weights of its own is there with its
  /// words.
  bool is_left_out(HeadKind kind) const {
    std::string_view dense;
    std::string_view norm;
    std::string_view output;
    std::string_view bias;
    if (kind == HeadKind::masked_lm) {
      const MaskedLmNames names = lm_names();
      if (names.dense.empty() && (names.decoder.empty() || config_.tied)) return false;
      dense = names.dense;
      norm = names.norm;
      output = names.decoder;
      bias = names.bias;
    } else {
      const ClassifierNames names = classifier_names(kind, config_.model_type);
      dense = names.dense;
      norm = names.norm;
      output = names.output;
    }
    return !holds(dense) && !holds(norm) && !holds(output) && !(top_.find(bias) && !bias.empty());
  }

  /// @param named  by `architectures`: then config.json says how many classes there are
  CheckpointHead read(HeadKind kind, bool named) {
    return {kind, output_name(kind), kind == HeadKind::masked_lm ? masked_lm() : classifier(kind, named)};
  }

 private:
  static std::string output_name(HeadKind kind) {
    if (kind == HeadKind::next_sentence) return "seq_relationship_logits";
    if (kind == HeadKind::sentence_order) return "sop_logits";
    return "logits";
  }

  bool holds(std::string_view name) const {
    return !name.empty() && (top_.has(name) || top_.find(std::string(name) + ".bias"));
  }

  MaskedLmNames lm_names() const {
    return masked_lm_names(config_.model_type, !config_.disentangled || config_.disentangled->old_decoder);
  }

  HeadSpec masked_lm() {
    const MaskedLmNames names = lm_names();
    HeadSpec head;
    if (!names.dense.empty()) {
      head.dense = top_.dense(std::string(names.dense), dense_bias());
      head.activation = names.model_activation ? config_.activation : Activation::gelu_erf;
      if (layout() == EncoderLayout::modernbert) head.activation = config_.rotary->classifier_activation;
      head.norm = norm(names.norm);
    }
    head.output.weight =
        names.decoder.empty() ? encoder_.embeddings.words : decoder(std::string(names.decoder) + ".weight");
    // The decoder's own bias where both are there and differ: Python ties them only where they are equal.
    if (!config_.rotary || config_.rotary->decoder_bias) {
      const std::optional<Weight> other = top_.find(names.bias);
      const std::string own = std::string(names.decoder) + ".bias";
      head.output.bias = top_.find(own);
      if (!head.output.bias && !names.decoder.empty() && own != names.bias && !config_.tied) {
        findings_.push_back(own + ": it is missing, and " + std::string(names.bias) +
                            " stands for it as in transformers 4; transformers 5 makes one up");
      }
      if (!head.output.bias) head.output.bias = other ? *other : top_.require(names.bias, 1);
      check_shape(*head.output.bias, {config_.vocabulary}, "vocab_size");
    }
    const std::size_t width = head.dense ? head.dense->out() : config_.hidden;
    check_shape(head.output.weight, {config_.vocabulary, width}, "vocab_size and the head's width");
    return head;
  }

  EncoderLayout layout() const { return config_.family->layout; }
  // Their classifiers share a layer's name with the masked-lm head: `architectures` says which it is.
  bool named_by_architectures() const {
    return layout() == EncoderLayout::modernbert || layout() == EncoderLayout::eurobert;
  }
  bool dense_bias() const { return !config_.rotary || config_.rotary->classifier_bias; }
  LayerNorm norm(std::string_view name) {
    return top_.norm(std::string(name), config_.layer_norm_eps, !config_.rotary || config_.rotary->norm_bias);
  }

  // A copy of the word embeddings is taken for what it is, so that it is kept once.
  Weight decoder(const std::string& name) {
    const Weight& words = encoder_.embeddings.words;
    std::optional<Weight> own = top_.find(name);
    if (!own) return config_.tied ? words : top_.require(name, 2);
    const archive::TensorView& a = own->tensor;
    const archive::TensorView& b = words.tensor;
    const bool alike =
        a.type == b.type && a.shape == b.shape && a.strides == b.strides && a.storage_offset == b.storage_offset;
    const bool same = alike && archive::same_storage_bytes(a, b);
    return same ? words : *std::move(own);
  }

  HeadSpec classifier(HeadKind kind, bool named) {
    const ClassifierNames names = classifier_names(kind, config_.model_type);
    HeadSpec head;
    head.reads = names.reads;
    const bool pools = kind == HeadKind::sequence_classification || kind == HeadKind::multiple_choice;
    if (pools && named_by_architectures()) head.reads = config_.rotary->pooling;
    if (head.reads == Reads::last_token) head.padding_id = config_.rotary->padding_id;
    if (names.reads == Reads::pooled && !encoder_.pooler) {
      throw Error(ErrorCode::model_mismatch, std::string(names.output), "a pooler that the head reads",
                  "none in the weights");
    }
    if (kind == HeadKind::multiple_choice && !config_.summary_first) {
      throw Error(ErrorCode::unsupported, "config.json: summary_type, summary_use_proj, summary_activation",
                  "\"first\", true and \"gelu\"", "another summary");
    }
    if (!names.dense.empty()) {
      head.dense = top_.dense(std::string(names.dense), dense_bias());
      head.activation = kind == HeadKind::replaced_token ? config_.activation : names.activation;
      if (config_.model_type == "roformer") head.activation = config_.activation;
      if (config_.disentangled) head.activation = config_.disentangled->pooler_activation;
      if (layout() == EncoderLayout::modernbert) head.activation = config_.rotary->classifier_activation;
      if (!names.norm.empty()) head.norm = norm(names.norm);
    }
    const bool drops_bias = kind == HeadKind::token_classification && config_.rotary && !config_.rotary->token_bias;
    head.output = top_.dense(std::string(names.output), names.bias && !drops_bias);
    if (named || kind != HeadKind::sentence_order) check_classes(kind, head.output);
    return head;
  }

  void check_classes(HeadKind kind, const Dense& output) const {
    std::size_t classes = config_.num_labels;
    std::string why = labels_why_;
    if (kind == HeadKind::next_sentence || kind == HeadKind::question_answering) {
      classes = 2;
      why = "two outputs";
    }
    if (kind == HeadKind::replaced_token || kind == HeadKind::multiple_choice) {
      classes = 1;
      why = "one output";
    }
    check_shape(output.weight, {classes, output.in()}, why);
  }

  WeightTaker& top_;
  const CheckpointConfig& config_;
  const EncoderSpec& encoder_;
  std::vector<std::string>& findings_;
  std::string labels_why_;
};

}  // namespace

bool names_class_of(const CheckpointConfig& config, HeadKind kind) {
  return std::any_of(config.architectures.begin(), config.architectures.end(), [&](const std::string& name) {
    const auto heads = heads_of_class(name, config.model_type);
    return heads && heads->size() == 1 && heads->front() == kind;
  });
}

std::vector<CheckpointHead> checkpoint_heads(WeightTaker& top, const CheckpointConfig& config,
                                             const EncoderSpec& encoder, std::vector<std::string>& findings,
                                             std::optional<HeadKind> told) {
  const bool is_named = !told || names_class_of(config, *told);
  HeadReader reader(top, config, encoder, findings,
                    is_named ? "config.json's labels" : "one label, since architectures names no such class");
  std::vector<HeadKind> wanted;
  if (told && reader.has_output(*told)) {
    wanted = {*told};
    if (!is_named) {
      findings.push_back("architectures: config.json names no class for " + std::string(to_string(*told)) +
                         "; the head is read all the same, with one label, as sentence-transformers loads a "
                         "CrossEncoder");
    }
  } else if (!config.architectures.empty()) {
    const std::string& name = config.architectures.front();
    if (const auto heads = heads_of_class(name, config.model_type)) {
      wanted = *heads;
    } else {
      findings.push_back("architectures: the class " + base::printable(name) +
                         " is not known; heads are those that the weights' names tell");
    }
  }
  const std::size_t left_out = std::erase_if(wanted, [&](HeadKind kind) { return reader.is_left_out(kind); });
  if (left_out != 0) {
    findings.push_back("architectures: " + base::printable(config.architectures.front()) +
                       " has a head that the weights have not; read " +
                       (wanted.empty() ? "as an encoder by itself" : "without it"));
  }
  const std::size_t named = wanted.size();
  for (const HeadKind kind : {HeadKind::masked_lm, HeadKind::next_sentence, HeadKind::sentence_order,
                              HeadKind::replaced_token, HeadKind::question_answering}) {
    const bool whole = reader.is_there(kind) && (classifier_names(kind, config.model_type).reads != Reads::pooled ||
                                                 kind == HeadKind::masked_lm || encoder.pooler);
    if (whole && std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) wanted.push_back(kind);
  }
  std::vector<CheckpointHead> heads;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    heads.push_back(reader.read(wanted[i], i < named));
    // Python has names of their own for the two of a pretraining class alone.
    if (named > 1 && wanted[i] == HeadKind::masked_lm) heads.back().output = "prediction_logits";
    if (named == 1 && i == 0) heads.back().output = "logits";
  }
  return heads;
}

}  // namespace bertrt::family
