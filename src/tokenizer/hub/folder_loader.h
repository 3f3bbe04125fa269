#pragma once

#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

/// The tokenizer of a checkpoint's folder, as AutoTokenizer of transformers 5.24.0 makes it.
/// @throws Error invalid_format, unsupported (a class that needs another program, files that contradict each other)
LoadedTokenizer load_folder(const TokenizerFiles& files);

}  // namespace bertrt::tokenizer
