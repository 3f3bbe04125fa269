#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bertrt/multi_vector_embedder.h"
#include "family/sentence_modules.h"
#include "tasks/sentence_plan.h"
#include "tasks/sentence_text.h"

namespace bertrt::tasks {

/// What a MultiVectorEmbedder holds. Immutable.
class MultiVectorEmbedderImpl {
 public:
  /// @throws Error as the constructor of MultiVectorEmbedder
  MultiVectorEmbedderImpl(BertSession session, const EmbedderOptions& options);

  std::vector<Matrix> embed(std::span<const std::string_view> texts, TextRole role,
                            const MultiVectorOptions& options) const;
  std::size_t width() const noexcept { return plan_.token_steps.out(); }

 private:
  struct Expansion {
    std::size_t length = 0;
    bool cuts = true;
    bool attend = false;
    std::int32_t token = 0;
  };

  /// Which rules hold for a role's texts.
  struct Side {
    std::size_t max_length = 0;         ///< 0: the model's
    std::vector<std::int32_t> skipped;  ///< sorted ids of tokens that do not count
    std::vector<std::int32_t> kept;     ///< sorted; the others do not count, either
    bool keeps_some = false;            ///< whether `kept` holds
  };

  Side side(const family::SentenceModules& modules, TextRole role) const;
  void expand(Encoding& encoding) const;
  Matrix counted(const Encoding& encoding, std::size_t real, TextRole role, std::vector<float> rows,
                 bool normalize) const;

  BertSession session_;
  SentencePlan plan_;
  SentenceText text_;
  std::optional<Expansion> expansion_;  ///< of queries
  Side query_;
  Side document_;
};

}  // namespace bertrt::tasks
