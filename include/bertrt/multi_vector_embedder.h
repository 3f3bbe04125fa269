#pragma once

#include <cstddef>
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
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "bertrt/similarity.h"

namespace bertrt::tasks {
class MultiVectorEmbedderImpl;
}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

/// How a multi-vector model reads a text: the two sides have prompts, lengths and rules of their own.
enum class TextRole { query, document };

/// The name as written above.
BERTRT_API std::string_view to_string(TextRole role) noexcept;
template <>
BERTRT_API std::optional<TextRole> parse(std::string_view name) noexcept;

/// How to embed; prompts as in EmbedOptions.
struct MultiVectorOptions {
  std::optional<std::string> prompt = std::nullopt;  ///< in place of the role's own
  std::string prompt_name = {};                      ///< likewise
  bool normalize = false;  ///< every row to unit length, where the model does not do so itself
};

/// Text to one vector for each token that counts (ColBERT, late interaction), as sentence-transformers'
/// MultiVectorEncoder.
///
///   bertrt::MultiVectorEmbedder embed(bertrt::BertSession::load("colbert"));
///   bertrt::Matrix q = embed.query("who wrote this");                 // [tokens that count, width]
///   std::vector<bertrt::Matrix> d = embed(texts, bertrt::TextRole::document);
///   float score = bertrt::max_sim(q, d[0]);
///
/// Query expansion, skipped words, the projection and the norm are as the model's files say. A text whose every token
/// is skipped has no rows. Const calls may run on many threads at once; on an object that was moved from they are an
/// Error invalid_argument.
class BERTRT_API MultiVectorEmbedder {
 public:
  /// @throws Error unsupported for a model without modules that keep one vector a token
  explicit MultiVectorEmbedder(BertSession session, const EmbedderOptions& options = {});

  /// [tokens that count, width] of a query. @throws Error what run() throws
  Matrix query(std::string_view text, const MultiVectorOptions& options = {}) const;
  /// [tokens that count, width] of a document. @throws Error what run() throws
  Matrix document(std::string_view text, const MultiVectorOptions& options = {}) const;
  /// So that query({"one", "two"}) means two texts.
  std::vector<Matrix> query(std::initializer_list<std::string_view> texts,
                            const MultiVectorOptions& options = {}) const {
    return (*this)(texts, TextRole::query, options);
  }
  /// Likewise.
  std::vector<Matrix> document(std::initializer_list<std::string_view> texts,
                               const MultiVectorOptions& options = {}) const {
    return (*this)(texts, TextRole::document, options);
  }
  /// Many texts of one role, in the order given; sorted by length and computed some thousand tokens at a time.
  std::vector<Matrix> operator()(std::span<const std::string_view> texts, TextRole role,
                                 const MultiVectorOptions& options = {}) const;
  /// The same for strings.
  std::vector<Matrix> operator()(const std::vector<std::string>& texts, TextRole role,
                                 const MultiVectorOptions& options = {}) const;
  /// So that embed({"one", "two"}, role) means two texts.
  std::vector<Matrix> operator()(std::initializer_list<std::string_view> texts, TextRole role,
                                 const MultiVectorOptions& options = {}) const {
    return (*this)(std::span<const std::string_view>(texts.begin(), texts.size()), role, options);
  }
  /// Texts one by one in bounded memory, as Embedder::stream().
  std::size_t stream(TextRole role, const std::function<std::optional<std::string>()>& next,
                     const std::function<void(Matrix rows)>& each, const MultiVectorOptions& options = {}) const;

  std::size_t width() const;  ///< of a row

 private:
  const tasks::MultiVectorEmbedderImpl& impl() const;

  std::shared_ptr<const tasks::MultiVectorEmbedderImpl> impl_;
};

}  // namespace v0
}  // namespace bertrt
