#pragma once

#include <optional>
#include <string>

#include "model/model_file.h"

namespace bertrt::model {

/// Where an encoder's modules stand in a file, by Hugging Face's names.
struct EncoderPlace {
  std::string architecture;  ///< Hugging Face's model_type: "bert", "xlm-roberta", "distilbert", …
  std::string prefix;        ///< before "embeddings.word_embeddings.weight": "", "bert.", "model.encoder.", …
};

/// Finds the encoder among the parameters' names and the code's paths; nothing for models of other kinds. For a model
/// whose names are BERT's but whose code says that it is another one (layoutlm, …) `architecture` is that name.
std::optional<EncoderPlace> find_encoder(const ModelFile& file);

/// The manifest's architecture, else find_encoder's; empty when it cannot be told.
std::string guess_architecture(const ModelFile& file);

}  // namespace bertrt::model
