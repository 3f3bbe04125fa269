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

/// A masked-language model's logits. @throws Error as the constructor of SparseEmbedder
std::shared_ptr<const SparseEmbedderImpl> make_splade(BertSession session, const EmbedderOptions& options);

/// A weight for each token that a text has (SparseStaticEmbedding); null for any other folder.
std::shared_ptr<const SparseEmbedderImpl> make_token_weights(const std::filesystem::path& folder,
                                                             const EmbedderOptions& options);

}  // namespace bertrt::tasks
