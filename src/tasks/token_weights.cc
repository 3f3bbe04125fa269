#include <algorithm>
#include <utility>
#include <variant>

#include "archive/tensor.h"
#include "bertrt/error.h"
#include "family/sentence_modules.h"
#include "tasks/sparse_embedder_impl.h"
#include "tasks/sparse_pooling.h"
#include "tasks/table_modules.h"

namespace bertrt::tasks {
namespace {

class TokenWeights final : public SparseEmbedderImpl {
 public:
  /// @param active  weights of a text that the model's files keep; 0: all
  TokenWeights(SentenceText text, std::vector<float> weights, std::size_t active)
      : SparseEmbedderImpl(std::move(text), "a weight for each token that is there: the model's own", weights.size()),
        weights_(std::move(weights)),
        active_(active) {}

  std::vector<SparseVector> embed(std::span<const std::string_view> texts, std::string_view prompt,
                                  const SparseEmbedOptions& options) const override {
    std::vector<SparseVector> out;
    out.reserve(texts.size());
    for (Encoding& encoding : text().encode(texts, prompt)) {
      std::vector<std::int32_t>& ids = encoding.input_ids;
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
      SparseVector vector;
      for (const std::int32_t id : ids) {
        check_has_row(id, weights_.size());
        const float weight = weights_[static_cast<std::size_t>(id)];
        if (weight == 0) continue;
        vector.indices.push_back(id);
        vector.values.push_back(weight);
      }
      out.push_back(keep_greatest(std::move(vector), options.max_active == 0 ? active_ : options.max_active));
    }
    return out;
  }

 private:
  std::vector<float> weights_;
  std::size_t active_;
};

}  // namespace

std::shared_ptr<const SparseEmbedderImpl> token_weights_of(const family::SparseStaticEmbeddingModule& module,
                                                           const family::SentenceModules& modules,
                                                           const std::filesystem::path& folder,
                                                           const std::filesystem::path& own_tokenizer,
                                                           const EmbedderOptions& options) {
  std::vector<float> weights = archive::to_float32(module.weights.tensor);
  Tokenizer tokenizer = Tokenizer::load(own_tokenizer.empty() ? folder / module.path : own_tokenizer);
  check_table_rows(tokenizer, weights.size(), folder);
  const std::size_t limit = options.max_length != 0 ? options.max_length : tokenizer.model_max_length();
  SentenceText text(std::move(tokenizer), limit, {modules.prompts, modules.default_prompt_name});
  return std::make_shared<const TokenWeights>(std::move(text), std::move(weights), modules.max_active_dims.value_or(0));
}

std::shared_ptr<const SparseEmbedderImpl> make_token_weights(const std::filesystem::path& folder,
                                                             const SessionOptions& session,
                                                             const EmbedderOptions& options) {
  const auto modules = table_modules(folder, session);
  if (!modules) return nullptr;
  const auto* module = std::get_if<family::SparseStaticEmbeddingModule>(&modules->modules.front());
  if (module == nullptr) return nullptr;
  if (modules->modules.size() != 1) {
    throw Error(ErrorCode::unsupported, "SparseEmbedder, modules.json", "a SparseStaticEmbedding alone",
                std::to_string(modules->modules.size()) + " modules");
  }
  return token_weights_of(*module, *modules, folder, session.tokenizer, options);
}

}  // namespace bertrt::tasks
