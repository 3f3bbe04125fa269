#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/sparse_embedder.h"
#include "family/sentence_modules.h"
#include "tasks/sentence_text.h"

namespace bertrt::tasks {

/// What a SparseEmbedder holds: texts to sparse vectors. Immutable.
class SparseEmbedderImpl {
 public:
  virtual ~SparseEmbedderImpl() = default;

  virtual std::vector<SparseVector> embed(std::span<const std::string_view> texts, std::string_view prompt,
                                          const SparseEmbedOptions& options) const = 0;

  const SentenceText& text() const noexcept { return text_; }
  const std::string& why() const noexcept { return why_; }
  std::size_t vocabulary() const noexcept { return vocabulary_; }

 protected:
  SparseEmbedderImpl(SentenceText text, std::string why, std::size_t vocabulary)
      : text_(std::move(text)), why_(std::move(why)), vocabulary_(vocabulary) {}

 private:
  SentenceText text_;
  std::string why_;
  std::size_t vocabulary_;
};

/// A masked-language model's logits; its queries by the table of its own, where it has one. @throws Error as the
/// constructor of SparseEmbedder
std::shared_ptr<const SparseEmbedderImpl> make_splade(BertSession session, const EmbedderOptions& options);

/// A weight for each token that a text has (SparseStaticEmbedding); null for any other folder.
std::shared_ptr<const SparseEmbedderImpl> make_token_weights(const std::filesystem::path& folder,
                                                             const SessionOptions& session,
                                                             const EmbedderOptions& options);

/// The same of a table that is read already. @param folder  the model's  @param own_tokenizer  empty: the module's
std::shared_ptr<const SparseEmbedderImpl> token_weights_of(const family::SparseStaticEmbeddingModule& module,
                                                           const family::SentenceModules& modules,
                                                           const std::filesystem::path& folder,
                                                           const std::filesystem::path& own_tokenizer,
                                                           const EmbedderOptions& options);

/// Texts with the prompt "query" by the one, all others by the other. @throws Error model_mismatch
std::shared_ptr<const SparseEmbedderImpl> with_query_route(std::shared_ptr<const SparseEmbedderImpl> query,
                                                           std::shared_ptr<const SparseEmbedderImpl> document);

}  // namespace bertrt::tasks
