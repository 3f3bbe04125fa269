#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bertrt/output.h"
#include "model/model_file.h"

namespace bertrt::model {

/// Names of what the model gives, in Hugging Face's terms: the manifest's, else the keys of the dict that forward
/// returns, else by position for an encoder's tuple ("last_hidden_state", "pooler_output"); what cannot be named is
/// called "output 0", "output 1", ….
std::vector<std::string> output_names(const ModelFile& file);

/// What a name in Hugging Face's terms says of an output; `logits` are rows of tokens or of texts as the task has it,
/// and nothing is known of them without one.
OutputRole role_of_output(std::string_view name, std::string_view task);

/// The items of a type's brackets: {"List[Tensor]", "Tensor"} for "Tuple[List[Tensor], Tensor]"; the type itself where
/// it has none.
std::vector<std::string> type_items(const std::string& type);

}  // namespace bertrt::model
