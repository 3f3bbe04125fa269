#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::cli {

/// One encoding a line of a file whose lines are {"input_ids":[…]}. @throws UsageError naming the line
std::vector<Encoding> read_ids(const std::filesystem::path& path);

/// 96 texts of log-normal lengths (mean about 22 tokens, none above 81 or `max_length`): traffic as applications see
/// it, always the same. `max_length` and `vocab_size` may be 0 where the model does not say.
std::vector<Encoding> typical_mix(std::size_t max_length, std::size_t vocab_size);

/// One text of `length` tokens.
Encoding one_text(std::size_t length, std::size_t vocab_size);

/// Cut into batches, in the order given.
std::vector<std::vector<Encoding>> batches(const std::vector<Encoding>& texts, std::size_t batch_size);

}  // namespace bertrt::cli
