#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/embedder.h"
#include "bertrt/export.h"
#include "bertrt/options.h"
#include "bertrt/session.h"

namespace bertrt::tasks {
class SparseEmbedderImpl;
}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

/// The columns of a vector over the vocabulary that are not 0.
struct SparseVector {
  std::vector<std::int32_t> indices;  ///< token ids, ascending, each once
  std::vector<float> values;          ///< one for each

  friend bool operator==(const SparseVector&, const SparseVector&) = default;
};

/// One of them, for people.
struct SparseToken {
  std::string token;          ///< as in the vocabulary
  std::int32_t token_id = 0;  ///< its column
  float weight = 0;           ///< never 0
};

/// Σ over the tokens that both have of the product of their weights.
/// @throws Error invalid_argument for indices that do not ascend, or not a value for each
BERTRT_API float dot(const SparseVector& a, const SparseVector& b);

/// How texts become sparse vectors; prompts as in EmbedOptions.
struct SparseEmbedOptions {
  std::optional<std::string> prompt = std::nullopt;  ///< in front of the text
  /// One of the model's own. With "query" a model with a way of its own for queries (a Router to a
  /// SparseStaticEmbedding: they need no encoder) takes that, as Python's encode_query() does.
  std::string prompt_name = {};
  std::size_t max_active = 0;  ///< the greatest so many weights alone, the lower id first among equals. 0: what
                               ///< the model's files say, as a rule all
  /// Tokens whose logits exist at a time; a longer text is run once for each part of it. 0: as many as make 128 MB.
  std::size_t batch_tokens = 0;
};

/// Text to weights of the vocabulary's tokens (SPLADE), as sentence-transformers' SparseEncoder.
///
///   bertrt::SparseEmbedder embed(bertrt::BertSession::load("splade"));
///   bertrt::SparseVector v = embed("who wrote this");
///   for (const auto& t : embed.decode(v)) use(t.token, t.weight);
///
/// The logits of a text's tokens are computed some tokens at a time and folded into one row: there is never a matrix of
/// all texts by the vocabulary. A masked-language model without a SpladePooling module is pooled by max and
/// log1p(relu(x)), and pooling_why() says so. Const calls may run on many threads at once.
class BERTRT_API SparseEmbedder {
 public:
  /// @throws Error unsupported for a model without a masked-token head, or whose modules make something else of a text
  explicit SparseEmbedder(BertSession session, const EmbedderOptions& options = {});
  /// BertSession::load and the constructor in one; and tables of token weights (SparseStaticEmbedding: queries without
  /// inference), which are no session.
  static SparseEmbedder load(const std::filesystem::path& folder, const SessionOptions& session = {},
                             const EmbedderOptions& options = {});

  /// One text. @throws Error what run() throws
  SparseVector operator()(std::string_view text, const SparseEmbedOptions& options = {}) const;
  /// Many, in the order given.
  std::vector<SparseVector> operator()(std::span<const std::string_view> texts,
                                       const SparseEmbedOptions& options = {}) const;
  /// The same for strings.
  std::vector<SparseVector> operator()(const std::vector<std::string>& texts,
                                       const SparseEmbedOptions& options = {}) const;
  /// So that embed({"one", "two"}) means two texts.
  std::vector<SparseVector> operator()(std::initializer_list<std::string_view> texts,
                                       const SparseEmbedOptions& options = {}) const {
    return (*this)(std::span<const std::string_view>(texts.begin(), texts.size()), options);
  }
  /// Texts one by one in bounded memory, as Embedder::stream().
  std::size_t stream(const std::function<std::optional<std::string>()>& next,
                     const std::function<void(SparseVector vector)>& each,
                     const SparseEmbedOptions& options = {}) const;

  /// By descending weight, the lower id first among equals. @param top_k  0: all
  /// @throws Error invalid_argument for an index outside of the vocabulary, or not a value for each
  std::vector<SparseToken> decode(const SparseVector& vector, std::size_t top_k = 0) const;

  /// How token logits become one row: "the model's own", or the rule that is taken where its files name none.
  const std::string& pooling_why() const;
  std::size_t vocabulary() const;  ///< columns of the whole vector

 private:
  explicit SparseEmbedder(std::shared_ptr<const tasks::SparseEmbedderImpl> impl) noexcept;
  const tasks::SparseEmbedderImpl& impl() const;

  std::shared_ptr<const tasks::SparseEmbedderImpl> impl_;
};

}  // namespace v0
}  // namespace bertrt
