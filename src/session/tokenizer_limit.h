#pragma once

#include <cstddef>
#include <filesystem>

namespace bertrt::session {

/// model_max_length of the folder's tokenizer_config.json: the longest text in tokens that the model's maker meant its
/// tokenizer to give. 0 where the file or the entry is not there, or says "no limit" with a number beyond all lengths.
/// @throws Error io, invalid_format
std::size_t tokenizer_limit(const std::filesystem::path& folder);

}  // namespace bertrt::session
