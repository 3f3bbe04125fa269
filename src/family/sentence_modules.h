#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "family/encoder_spec.h"
#include "family/module_folder.h"
#include "family/torch_function.h"

namespace bertrt::family {

enum class PoolingMode { cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken };

/// The encoder itself.
struct TransformerModule {
  std::string path;         ///< of its folder below the model's; "" as a rule
  bool masked_lm = false;   ///< what follows reads the head's token logits (SPLADE)
  bool classifier = false;  ///< what comes out are the head's text logits (cross-encoders)
};

/// Token rows to one vector; several modes are joined in their order.
struct PoolingModule {
  std::vector<PoolingMode> modes;
  bool include_prompt = true;
};

/// activation(x weightᵀ + bias), plus x where `residual`, or what its own weight makes of x.
struct DenseModule {
  Dense dense;
  TorchFunction activation = nullptr;  ///< null: none
  bool residual = false;
  std::optional<Weight> residual_weight;  ///< [out, in], where the two differ
  bool on_tokens = false;                 ///< each token's row, not the pooled vector
};

struct NormalizeModule {
  bool on_tokens = false;
};

struct LayerNormModule {
  LayerNorm norm;
};

/// Σ weight_l h_l / Σ weight over the hidden states from `layer_start` on, the embeddings being number 0. Left out of
/// the modules where config.json has no output_hidden_states: then Python does nothing, either.
struct WeightedLayersModule {
  std::size_t layer_start = 0;
  Weight weights;  ///< [layers that are summed]
};

/// Token logits to one weight for each word of the vocabulary.
struct SpladePoolingModule {
  bool sum = false;         ///< over the tokens; else their maximum
  bool double_log = false;  ///< log1p(log1p(relu(x))); else log1p(relu(x))
};

/// Which token rows of a multi-vector model count.
struct MultiVectorMaskModule {
  std::vector<std::string> skiplist_words;
  std::vector<std::string> skiplist_tasks;  ///< "document", "query"
  std::optional<std::vector<std::int64_t>> keep_only_token_ids;
};

/// A table instead of an encoder: the mean of the tokens' rows (model2vec's kind). A token's row is weights[token] *
/// table[mapping[token]]; without a mapping it is table[token], without weights each weighs 1.
struct StaticEmbeddingModule {
  std::string path;
  Weight table;                   ///< [rows, width]
  std::optional<Weight> mapping;  ///< [vocabulary], rows of the table: to be checked by who follows it
  std::optional<Weight> weights;  ///< [vocabulary]
};

/// A weight for each token of the vocabulary, that it has once it is there (queries without inference).
struct SparseStaticEmbeddingModule {
  std::string path;
  Weight weights;  ///< [vocabulary]
};

using SentenceModule =
    std::variant<TransformerModule, PoolingModule, DenseModule, NormalizeModule, LayerNormModule, WeightedLayersModule,
                 SpladePoolingModule, MultiVectorMaskModule, StaticEmbeddingModule, SparseStaticEmbeddingModule>;

/// How a multi-vector query is filled up with tokens that count.
struct QueryExpansion {
  std::size_t length = 0;  ///< tokens of a query, prompt and special ones included
  bool cuts = true;        ///< longer queries are cut to `length` ("fixed"); false: they stay as they are ("min")
  bool attend = false;     ///< false: the encoder's mask is 0 where it was filled
  std::string token;       ///< the one to fill with; empty: the mask token
};

/// A sentence-transformers folder: what happens around its encoder, in order.
struct SentenceModules {
  std::vector<SentenceModule> modules;  ///< dropouts left out
  std::string
      model_type;  ///< "SentenceTransformer", "SparseEncoder", "CrossEncoder", "MultiVectorEncoder"; may be empty
  std::optional<std::size_t> max_seq_length;
  bool do_lower_case = false;                                ///< before the tokenizer's own normalizer
  std::vector<std::pair<std::string, std::string>> prompts;  ///< by name, in the file's order; a null is ""
  std::optional<std::string> default_prompt_name;            ///< one of them, which may be called ""
  std::string similarity;  ///< "cosine", "dot", "euclidean", "manhattan", "maxsim"; empty: not said
  std::optional<std::size_t> truncate_dim;
  std::optional<std::size_t> max_active_dims;  ///< of sparse models: only the largest so many
  std::string cross_encoder_activation;        ///< a dotted torch class, or empty
  std::optional<QueryExpansion> query_expansion;
  std::optional<std::size_t> query_length;  ///< in tokens; of multi-vector models
  std::optional<std::size_t> document_length;
  /// What stands in front of a multi-vector model's texts as a token of its own ("[unused0] "), where the model is from
  /// before sentence-transformers had a class for it: a tokenizer that knows it takes it in one piece, wherever it is.
  std::vector<std::string> markers;
  /// What a sparse model's queries go through in its modules' place, where they need no encoder.
  std::optional<SparseStaticEmbeddingModule> query_table;
  /// Of PyLate's models, which do not list the modules behind the Dense.
  std::optional<std::vector<std::string>> unlisted_skiplist;
  std::shared_ptr<const void> bytes;  ///< what the weights point into

  const TransformerModule* transformer() const noexcept;
};

/// Reads modules.json, each module's folder and the settings beside them. Nothing where there is no modules.json,
/// unless the folder is Stanford's ColBERT. Of a Router the default route's modules, and the query's table. As strict
/// as read_config: a module, key or value that is not known is an error that names it.
/// @throws Error invalid_format, unsupported, model_mismatch, io
std::optional<SentenceModules> read_sentence_modules(const ModuleFolder& folder);

/// Whether a table stands in the encoder's place (StaticEmbedding, SparseStaticEmbedding), told by the list of modules
/// alone. @throws Error as read_sentence_modules
bool begins_with_table(const ModuleFolder& folder);

/// Whether the folder is a saved CrossEncoder with a classifier of texts, told by its settings alone.
/// @throws Error as read_sentence_modules
bool is_cross_encoder(const std::filesystem::path& folder);

/// The folder of the encoder's config.json: `folder` itself, or the one that modules.json has for its transformer.
std::filesystem::path transformer_folder(const std::filesystem::path& folder);

}  // namespace bertrt::family
