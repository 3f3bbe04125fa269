#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "model/model_file.h"

namespace bertrt::session {

/// SessionOptions::tokenizer, else the bundle's own, else a tokenizer.json or vocab.txt beside the model, else none.
/// @throws Error as Tokenizer::load
std::optional<Tokenizer> choose_tokenizer(const model::ModelFile& file,
                                          const std::optional<std::filesystem::path>& folder,
                                          const SessionOptions& options);

/// A tokenizer.json or vocab.txt in the folder of a model's file; none where there is neither.
/// @throws Error as Tokenizer::load
std::optional<Tokenizer> tokenizer_beside(const std::filesystem::path& folder);

/// A vocabulary may be smaller than the embedding (padded to a round number), never larger.
/// @param embedding_rows  0: unknown, not checked
/// @throws Error model_mismatch
void check_vocabulary(const Tokenizer& tokenizer, std::size_t embedding_rows, const std::string& model_name);

}  // namespace bertrt::session
