#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/model_file.h"

namespace bertrt::model {

/// Where an encoder's modules stand in a file, by Hugging Face's names.
struct EncoderLayout {
  std::string architecture;     ///< Hugging Face's model_type: "bert", "xlm-roberta", "distilbert", …
  std::string prefix;           ///< before "embeddings.word_embeddings.weight": "", "bert.", "model.encoder.", …
  std::string_view layer;       ///< a layer's path below the prefix, "#" for its number: "encoder.layer.#."
  std::string_view query;       ///< the query projection below a layer
  std::string_view attention;   ///< the module that shapes heads, below a layer
  std::string_view activation;  ///< the feed-forward network's activation module, below a layer
  std::string_view activation_caller;  ///< the module that applies it, where it is a function and no module
  std::string_view feed_forward;       ///< the network's first projection, below a layer
  std::string_view layer_norm;         ///< one below a layer
};

/// Finds the encoder among the parameters' names and the code's paths; nothing for models of other kinds. For a model
/// whose names are BERT's but whose code says that it is another one (layoutlm, …) `architecture` is that name.
std::optional<EncoderLayout> find_encoder(const ModelFile& file);

/// The manifest's architecture, else find_encoder's; empty when it cannot be told.
std::string guess_architecture(const ModelFile& file);

/// The path of layer `index`, prefix included: "bert.encoder.layer.3.".
std::string layer_path(const EncoderLayout& layout, std::size_t index);

/// Number of layers that the file stores (ALBERT stores fewer than it runs).
std::size_t stored_layers(const ModelFile& file, const EncoderLayout& layout);

}  // namespace bertrt::model
