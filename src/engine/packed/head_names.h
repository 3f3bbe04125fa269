#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/linear.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// What an architecture calls the layers of a masked-lm head: dense, activation, norm, decoder.
struct MaskedLmNames {
  std::string_view dense;
  std::string_view norm;
  std::string_view decoder;      ///< its weight may be left out where it is tied to the word embeddings
  std::string_view bias;         ///< the decoder's bias, where it is a parameter of the head itself
  bool model_activation = true;  ///< the encoder's own activation; else exact GELU
};

/// A classifier: [dense, activation] and an output layer on the first token's row, or on every token's.
struct ClassifierNames {
  std::string_view dense;  ///< empty: none
  kernels::Activation activation = kernels::Activation::none;
  std::string_view output;
  bool pooled = false;  ///< reads the pooler's output
};

std::span<const MaskedLmNames> masked_lm_names() noexcept;
/// For a manifest's task; null when it has no such head.
const ClassifierNames* classifier_names(std::string_view task, std::string_view architecture) noexcept;

/// The manifest's task, else the one whose head's weights a bare trace has: "masked-lm", "question-answering",
/// "sequence-classification", "token-classification", "next-sentence", or "encoder" for none of them.
std::string task_of(const model::ModelFile& file);

}  // namespace bertrt::engine::packed
