#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/linear.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// Everything that tells one encoder of the family from another, apart from the names of its weights: the engine has
/// one forward pass, driven by this.
struct EncoderDescription {
  std::string architecture;  ///< Hugging Face's model_type, "bert"
  std::string task;          ///< "encoder", "masked-lm", …
  std::size_t hidden = 0;
  std::size_t layers = 0;
  std::size_t heads = 0;
  kernels::Activation activation = kernels::Activation::gelu_erf;
  float layer_norm_eps = 1e-12F;
  /// Positions count from pad_token_id + 1 and skip tokens that are pad_token_id (the RoBERTa family).
  bool offset_positions = false;
  std::int64_t pad_token_id = 0;
  /// False where the model takes no token types: all are 0 then.
  bool takes_token_types = true;
  /// False where the model takes no mask: every token is attended to, as the trace does it.
  bool takes_mask = true;

  std::size_t head_size() const noexcept { return hidden / heads; }
};

/// From the manifest of a bundle, else from what the archive shows of a bare trace.
/// @throws Error unsupported when the engine has no forward pass for this model, model_mismatch for sizes that cannot
/// be
EncoderDescription describe(const model::ModelFile& file);

/// The activation that Hugging Face calls `name`. @throws Error unsupported
kernels::Activation activation_by_name(const std::string& name, const std::string& where);

}  // namespace bertrt::engine::packed
