#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bertrt::model {

/// A traced method of a bundle: what goes in and what comes out, in order.
struct ManifestMethod {
  std::vector<std::string> inputs;  ///< "input_ids", … ; the head takes "hidden_rows" [rows, hidden]
  std::vector<std::string> outputs;  ///< "all_encoder_layers" (a tuple, a tensor a layer), "pooled_output", "logits", …
};

/// The sizes that describe an encoder; Hugging Face's names.
struct EncoderConfig {
  std::size_t hidden_size = 0;
  std::size_t num_hidden_layers = 0;
  std::size_t num_attention_heads = 0;
  std::size_t intermediate_size = 0;
  std::size_t vocab_size = 0;
  std::size_t max_position_embeddings = 0;
  std::size_t type_vocab_size = 0;
  std::size_t embedding_size = 0;  ///< ELECTRA, ALBERT; else hidden_size
  std::string hidden_act;          ///< "gelu", "gelu_new", "relu", …
  double layer_norm_eps = 1e-12;
  std::int64_t pad_token_id = 0;
  std::size_t relative_attention_num_buckets = 0;  ///< "relative" only
  std::string position_scheme;  ///< "absolute", "offset" (RoBERTa: counted from pad_token_id + 1), "relative" (MPNet)
};

/// bertrt/manifest.json of a bundle; models/export.py writes it, docs/bundle.md describes it.
struct Manifest {
  int format_version = 0;
  std::string producer;
  std::string architecture;  ///< Hugging Face's model_type: "bert", "roberta", …
  std::string task;          ///< "encoder", "masked-lm", "sequence-classification", …
  EncoderConfig config;
  std::vector<std::string> labels;
  std::vector<std::pair<std::string, std::int64_t>> label_ids;  ///< label2id in the checkpoint's order; may be empty
  std::string activation;                                       ///< a cross-encoder's, a dotted torch class; or empty
  std::string problem_type;  ///< "single_label_classification", "multi_label_classification", "regression", or empty
  std::string dtype;         ///< of the stored weights: "float32", "float16", "bfloat16", "int8"
  std::size_t traced_batch = 0;
  std::size_t traced_length = 0;
  std::size_t proven_min = 0;  ///< lengths that the exporter compared with Python
  std::size_t proven_max = 0;
  std::string proven_why;
  std::map<std::string, ManifestMethod> methods;  ///< "forward", and for masked-lm "encode" and "head"
};

/// What a bundle's trace computes for its task: "masked-lm" for "sparse", "encoder" for "sentence-embedding" and
/// "multi-vector", which go on from there by the modules' files; else the task itself.
std::string_view head_of(std::string_view task) noexcept;

/// Its texts hold no control characters: they are shown to people.
/// @param where  for messages. @throws Error invalid_format, unsupported (a newer format_version, too large)
Manifest parse_manifest(std::string_view json, std::string_view where);

}  // namespace bertrt::model
