#pragma once

#include <memory>

#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

/// A tokenizer's stages up to its model, as its files name them. Immutable, shared.
struct Stages {
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
};

/// Any normalizer, any pre-tokenizer, any model, one after the other. The families that are fused (WordPieceModel,
/// BpeModel, UnigramModel) give the same in a fraction of the time.
class PipelineModel final : public SubwordModel {
 public:
  PipelineModel(std::shared_ptr<const Stages> stages, std::shared_ptr<WordModel> model)
      : stages_(std::move(stages)), model_(std::move(model)) {}

  std::string_view family() const noexcept override { return model_->family(); }
  void encode(std::string_view text, RunContext context, Pieces& pieces) const override;
  void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const override;
  bool has_normalizer() const noexcept override { return !stages_->normalizer.empty(); }
  void normalize(std::string_view text, RunContext context, text::NormalizedText& normalized) const override;
  void encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const override;
  const WordModel& words() const noexcept override { return *model_; }
  void mark_special(std::string_view token) override { model_->mark_special(token); }

 private:
  void encode_aligned(Splits& splits, RunContext context, Pieces& pieces) const;

  std::shared_ptr<const Stages> stages_;
  std::shared_ptr<WordModel> model_;  ///< changed by mark_special() alone
};

/// Where Hugging Face finds the token at `range` of a span of `splits`: bytes of what the run was made from.
Offset source_of(const Splits& splits, const Splits::Span& span, Offset range);

}  // namespace bertrt::tokenizer
