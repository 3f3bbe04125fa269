#include "engine/packed/head.h"

#include <algorithm>
#include <string>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

// An output layer of so many classes is as large as word embeddings: kept like them, in halves where they are not in
// fp32.
constexpr std::size_t kVocabulary = 4096;

}  // namespace

std::unique_ptr<Head> Head::prepare(const family::HeadSpec& spec, const EncoderWeights& encoder, Packer& packer) {
  auto head = std::make_unique<Head>();
  head->reads_ = spec.reads;
  head->padding_id_ = spec.padding_id;
  head->width_ = spec.reads == Reads::pooled ? encoder.pooled : encoder.hidden;
  if (head->width_ == 0) {
    throw Error(ErrorCode::model_mismatch, spec.output.weight.name, "a pooler that the head can read", "none");
  }
  std::size_t width = head->width_;
  if (spec.dense) {
    packer.linear(*spec.dense, width, DType::fp32, head->dense_);
    width = spec.dense->out();
    head->activation_ = activation_of(spec.activation);
  } else if (spec.activation != family::Activation::none) {
    throw Error(ErrorCode::unsupported, spec.output.weight.name, "an activation behind a dense layer", "no such layer");
  }
  if (spec.norm) head->norm_ = norm_of(*spec.norm, width);

  head->classes_ = outputs_of(spec.output);
  if (packer.has_table(spec.output.weight) || head->classes_ >= kVocabulary) {
    head->decoder_ =
        packer.table(spec.output.weight, width,
                     encoder.embeddings.words->format() == RowFormat::fp32 ? RowFormat::fp32 : RowFormat::fp16);
    head->decoder_bias_ =
        spec.output.bias ? vector_of(*spec.output.bias, head->classes_) : std::vector<float>(head->classes_, 0.0F);
  } else {
    packer.linear(spec.output, width, DType::fp32, head->output_);
  }
  return head;
}

void Head::run(const float* rows, std::size_t count, float* logits, Workspace& workspace,
               kernels::ThreadPool& pool) const {
  const float* input = rows;
  if (dense_ != nullptr || norm_) {
    const std::size_t width = dense_ != nullptr ? dense_->out() : width_;
    auto* inner = reinterpret_cast<float*>(workspace.head_inner.reserve(count * width * sizeof(float)));
    if (dense_ != nullptr) {
      dense_->run(input, count, inner, {.activation = activation_}, pool, workspace.linear);
    } else {
      std::copy_n(input, count * width, inner);
    }
    if (norm_) norm_->run(inner, nullptr, count, width, pool);
    input = inner;
  }
  if (decoder_ != nullptr) {
    decoder_->multiply(input, count, decoder_bias_.data(), logits, pool, workspace.table);
  } else {
    output_->run(input, count, logits, {}, pool, workspace.linear);
  }
}

}  // namespace bertrt::engine::packed
