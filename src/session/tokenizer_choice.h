#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "model/model_file.h"

namespace bertrt::session {

/// SessionOptions::tokenizer, else the bundle's own, else a tokenizer.json or vocab.txt beside the model, else none.
/// @throws Error as Tokenizer::load
std::optional<Tokenizer> choose_tokenizer(const model::ModelFile& file,
                                          const std::optional<std::filesystem::path>& folder,
                                          const SessionOptions& options);

/// Where a bundle keeps its tokenizer's files, among its extra entries.
inline constexpr std::string_view kBundleTokenizer = "bertrt/tokenizer/";

/// The tokenizer of a bundle; none where no entry lies in its folder.
/// @param names  of the bundle's extra entries
/// @param read   an entry's text, which must stay during the call
std::optional<Tokenizer> bundle_tokenizer(std::span<const std::string> names,
                                          const std::function<std::string_view(const std::string& name)>& read);

/// A tokenizer.json or vocab.txt in the folder of a model's file; none where there is neither.
/// @throws Error as Tokenizer::load
std::optional<Tokenizer> tokenizer_beside(const std::filesystem::path& folder);

/// The special tokens that a proof puts among its own: [CLS], [MASK], [SEP], [UNK]; -1 for one that there is not.
std::vector<std::int32_t> special_ids_of(const Tokenizer& tokenizer);

/// A vocabulary may be smaller than the embedding (padded to a round number), and larger by added tokens alone, as
/// where somebody added some and did not make the embedding larger: Python answers every text without them.
/// @param embedding_rows  0: unknown, not checked
/// @return where it is larger: a finding, which says how many rows and tokens there are; else nothing
/// @throws Error model_mismatch for a token of the vocabulary itself that has no row
std::optional<std::string> check_vocabulary(const Tokenizer& tokenizer, std::size_t embedding_rows,
                                            const std::string& model_name);

/// For who refuses an id that has no row: how many rows and tokens there are. Empty where each token has one.
std::string why_no_row(const std::optional<Tokenizer>& tokenizer, std::size_t embedding_rows);

}  // namespace bertrt::session
