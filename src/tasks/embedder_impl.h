#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/embedder.h"
#include "tasks/sentence_text.h"
#include "tasks/vector_steps.h"

namespace bertrt::tasks {

/// What an Embedder holds: texts to vectors. Immutable. encoder_embedder.h has a session's, output_embedder.h that of
/// a model which gives vectors by itself, table_embedder.h the one of a table.
class EmbedderImpl {
 public:
  virtual ~EmbedderImpl() = default;

  /// A share of the texts at a time: [texts, dimensions].
  Matrix embed(std::span<const std::string_view> texts, const EmbedOptions& options) const;
  Matrix chunks(std::string_view text, std::span<const Offset> spans, const EmbedOptions& options) const;
  const EmbedderInfo& info() const noexcept { return info_; }

 protected:
  /// @param model_dimensions  truncate_dim of the model's files; 0: all
  EmbedderImpl(SentenceText text, EmbedderInfo info, std::size_t model_dimensions);

  const SentenceText& text() const noexcept { return text_; }

 private:
  /// Vectors behind all modules: [texts, info().dimensions].
  virtual std::vector<float> vectors(std::span<const std::string_view> texts, std::string_view prompt,
                                     std::size_t batch_tokens) const = 0;
  virtual std::vector<float> span_vectors(std::string_view text, std::string_view prompt, std::span<const Offset> spans,
                                          std::size_t batch_tokens) const = 0;

  std::size_t dimensions(const EmbedOptions& options) const;
  /// The first columns of `vectors`, normalized where that is asked for, behind the rows that `out` has.
  void append(std::span<const float> vectors, const EmbedOptions& options, Matrix& out) const;

  SentenceText text_;
  EmbedderInfo info_;
  std::size_t model_dimensions_;
};

}  // namespace bertrt::tasks
