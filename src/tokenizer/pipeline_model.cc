#include "tokenizer/pipeline_model.h"

namespace bertrt::tokenizer {

Offset source_of(const Splits& splits, const Splits::Span& span, Offset range) {
  // A token of nothing keeps its place in the normal form, counted from where the span began.
  if (range.begin >= range.end) return {span.origin + range.begin, span.origin + range.begin};
  return {splits.text.source[span.begin + range.begin].begin, splits.text.source[span.begin + range.end - 1].end};
}

void PipelineModel::encode_aligned(Splits& splits, RunContext context, Pieces& pieces) const {
  PreTokenizer::Scratch scratch;
  stages_->pre_tokenizer.split(splits, context.at_text_start ? context.start_bytes : 0, scratch);
  const std::string_view bytes = splits.text.bytes;
  for (const Splits::Span& span : splits.spans) {
    const std::size_t before = pieces.ids.size();
    model_->encode(bytes.substr(span.begin, span.end - span.begin), context.special_pieces, pieces);
    for (std::size_t i = before; i < pieces.ids.size(); ++i) {
      pieces.offsets[i] = source_of(splits, span, pieces.offsets[i]);
    }
    if (pieces.words != nullptr) {
      pieces.words->resize(pieces.ids.size(), static_cast<std::int32_t>(pieces.next_word));
      ++pieces.next_word;
    }
  }
}

void PipelineModel::encode(std::string_view text, RunContext context, Pieces& pieces) const {
  Splits splits;
  normalize(text, context, splits.text);
  encode_aligned(splits, context, pieces);
}

void PipelineModel::encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const {
  Pieces pieces;
  encode(text, context, pieces);
  ids.insert(ids.end(), pieces.ids.begin(), pieces.ids.end());
}

void PipelineModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  text::align_to_itself(text, normalized);
  if (stages_->normalizer.empty()) return;
  text::ChangeList list;
  stages_->normalizer.apply(normalized, list);
}

void PipelineModel::encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const {
  Splits splits;
  text::align_to_itself(normalized, splits.text);
  encode_aligned(splits, context, pieces);
}

}  // namespace bertrt::tokenizer
