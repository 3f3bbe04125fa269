#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/model_file.h"

namespace bertrt::engine::packed {

/// What an architecture calls the weights of an encoder. Hugging Face's traces keep the names of its modules.
///
/// Below a layer's prefix, "#" stands for the stored layer's number. Empty: the architecture has no such weight.
struct WeightNames {
  std::string_view layer;  ///< "encoder.layer.#."
  std::string_view query;  ///< below the layer; likewise up to ffn_norm
  std::string_view key;
  std::string_view value;
  std::string_view attention_out;
  std::string_view attention_norm;
  std::string_view ffn_in;
  std::string_view ffn_out;
  std::string_view ffn_norm;
  std::string_view projection;     ///< embedding size → hidden size
  std::string_view relative_bias;  ///< [buckets, heads]
  std::string_view pooler;

  /// A layer's prefix.
  std::string layer_prefix(std::size_t stored_layer) const;
};

/// The names that `file` uses and the prefix that all of them have in it ("", "bert.", "model.bert.").
struct FoundNames {
  const WeightNames* names = nullptr;
  std::string prefix;
};

/// @throws Error unsupported when the file has no weights under any known set of names
FoundNames find_names(const model::ModelFile& file);

/// The parameter whose name is `name` or ends in "." + name; the shortest where there are several; null: none.
const model::Parameter* find_by_ending(const model::ModelFile& file, std::string_view name);

}  // namespace bertrt::engine::packed
