#include "engine/packed/head.h"

#include <string>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/head_names.h"
#include "engine/packed/weight_names.h"
#include "engine/packed/weight_source.h"

namespace bertrt::engine::packed {
namespace {

std::string prefix_of(const model::Parameter& found, const std::string& ending) {
  return found.name.substr(0, found.name.size() - ending.size());
}

std::size_t outputs_of(const model::Parameter& weight) {
  return weight.tensor.shape.size() == 2 ? static_cast<std::size_t>(weight.tensor.shape[0]) : 0;
}

std::shared_ptr<const kernels::Linear> dense(WeightSource& source, std::string_view name, std::size_t in) {
  const std::string text(name);
  const std::size_t out = outputs_of(source.require(text + ".weight"));
  return pack(dense_parts(source, {&text, 1}, out, in), DType::fp32);
}

bool same_storage(const archive::TensorView& a, const archive::TensorView& b) {
  return a.storage_key == b.storage_key && a.storage_offset == b.storage_offset && a.shape == b.shape;
}

}  // namespace

Head Head::load_masked_lm(const model::ModelFile& file, const EncoderDescription& description,
                          const EncoderWeights& weights, kernels::ThreadPool& pool) {
  for (const MaskedLmNames& names : masked_lm_names()) {
    const std::string ending = std::string(names.dense) + ".weight";
    const model::Parameter* found = find_by_ending(file, ending);
    if (found == nullptr) continue;
    WeightSource source(file, prefix_of(*found, ending));
    Head head;
    head.kind_ = Kind::token;
    head.dense_ = dense(source, names.dense, description.hidden);
    head.activation_ = names.model_activation ? description.activation : kernels::Activation::gelu_erf;
    head.norm_ = source.norm(names.norm, head.dense_->out());
    head.layer_norm_eps_ = description.layer_norm_eps;

    const model::Parameter* words = find_by_ending(file, "embeddings.word_embeddings.weight");
    const model::Parameter* decoder = source.find(std::string(names.decoder) + ".weight");
    const bool tied = decoder == nullptr || same_storage(decoder->tensor, words->tensor);
    // A decoder of its own is as large as the embeddings: it is kept like them, in halves where they are.
    head.decoder_ = tied ? weights.words
                         : std::make_shared<const RowTable>(RowTable::copy(*decoder, weights.words->halves(), pool));
    if (head.decoder_->width() != head.dense_->out()) {
      throw Error(ErrorCode::model_mismatch, file.name(), "a decoder of width " + std::to_string(head.dense_->out()),
                  std::to_string(head.decoder_->width()));
    }
    const std::string own_bias = std::string(names.decoder) + ".bias";
    const bool has_own = source.find(own_bias) != nullptr;
    head.decoder_bias_ = source.vector(has_own ? own_bias : std::string(names.bias), head.decoder_->rows());
    return head;
  }
  throw Error(ErrorCode::unsupported, file.name(), "a masked-lm head under a name that the packed engine knows",
              "none");
}

Head Head::load_classifier(const model::ModelFile& file, const EncoderDescription& description,
                           const EncoderWeights& weights) {
  const ClassifierNames* names = classifier_names(description.task, description.architecture);
  const std::string ending = names == nullptr ? "" : std::string(names->output) + ".weight";
  const model::Parameter* found = names == nullptr ? nullptr : find_by_ending(file, ending);
  if (found == nullptr || (names->pooled && weights.pooler == nullptr)) {
    throw Error(ErrorCode::unsupported, file.name(), "the weights of a head for " + description.task,
                "none that the packed engine knows");
  }
  WeightSource source(file, prefix_of(*found, ending));
  Head head;
  if (description.task == "question-answering") {
    head.kind_ = Kind::span;
  } else {
    head.kind_ = description.task == "token-classification" ? Kind::token : Kind::text;
  }
  if (names->pooled) {
    head.dense_ = weights.pooler;
    head.activation_ = kernels::Activation::tanh;
  } else if (!names->dense.empty()) {
    head.dense_ = dense(source, names->dense, description.hidden);
    head.activation_ = names->activation;
  }
  head.output_ = dense(source, names->output, head.dense_ ? head.dense_->out() : description.hidden);
  if (head.kind_ == Kind::span && head.output_->out() != 2) {
    throw Error(ErrorCode::model_mismatch, found->name, "2 outputs, start and end",
                std::to_string(head.output_->out()));
  }
  return head;
}

std::optional<Head> Head::load(const model::ModelFile& file, const EncoderDescription& description,
                               const EncoderWeights& weights, kernels::ThreadPool& pool) {
  if (description.task == "encoder") return std::nullopt;
  if (description.task == "masked-lm") return load_masked_lm(file, description, weights, pool);
  return load_classifier(file, description, weights);
}

void Head::run(const float* rows, std::size_t count, float* logits, Workspace& workspace,
               kernels::ThreadPool& pool) const {
  const float* input = rows;
  if (dense_ != nullptr) {
    auto* inner = reinterpret_cast<float*>(workspace.head_inner.reserve(count * dense_->out() * sizeof(float)));
    dense_->run(input, count, inner, {.activation = activation_}, pool, workspace.linear);
    if (norm_) norm_->run(inner, nullptr, count, dense_->out(), layer_norm_eps_, pool);
    input = inner;
  }
  if (decoder_ != nullptr) {
    decoder_->multiply(input, count, decoder_bias_.data(), logits, pool, workspace.table);
  } else {
    output_->run(input, count, logits, {}, pool, workspace.linear);
  }
}

}  // namespace bertrt::engine::packed
