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
#include "bertrt/sparse_embedder.h"

namespace bertrt {
inline namespace v0 {

/// A text in three forms.
struct HybridVectors {
  std::vector<float> dense;  ///< [hidden], of unit length: the first token's
  SparseVector sparse;       ///< a weight for each word of the text, special tokens left out
  Matrix rows;               ///< [tokens but the first, width], each of unit length
};

/// Dense, sparse and multi-vector embeddings of one pass, for models of BGE-M3's kind: an encoder with
/// `sparse_linear.pt` and `colbert_linear.pt` beside its config.json.
///
///   bertrt::HybridEmbedder embed(bertrt::BertSession::load("bge-m3"));
///   bertrt::HybridVectors v = embed("what is this");
///   float score = bertrt::dot(v.sparse, other.sparse) + bertrt::mean_max_sim(v.rows, other.rows);
///
/// The two files are read when this is made. Const calls may run on many threads at once; on an object that was moved
/// from they are an Error invalid_argument.
class BERTRT_API HybridEmbedder {
 public:
  /// @throws Error unsupported for a model that has not the two files; model_mismatch where they do not fit it; io,
  ///         invalid_format
  explicit HybridEmbedder(BertSession session, const EmbedderOptions& options = {});

  /// One text. @throws Error what run() throws
  HybridVectors operator()(std::string_view text) const;
  /// In the order given; sorted by length and computed some thousand tokens at a time.
  std::vector<HybridVectors> operator()(std::span<const std::string_view> texts) const;
  /// The same for strings.
  std::vector<HybridVectors> operator()(const std::vector<std::string>& texts) const;
  /// So that embed({"one", "two"}) means two texts.
  std::vector<HybridVectors> operator()(std::initializer_list<std::string_view> texts) const {
    return (*this)(std::span<const std::string_view>(texts.begin(), texts.size()));
  }
  /// Texts one by one in bounded memory, as Embedder::stream().
  std::size_t stream(const std::function<std::optional<std::string>()>& next,
                     const std::function<void(HybridVectors vectors)>& each) const;

 private:
  class Impl;
  const Impl& impl() const;

  std::shared_ptr<const Impl> impl_;
};

}  // namespace v0
}  // namespace bertrt
