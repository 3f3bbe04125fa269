#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "family/config.h"

namespace bertrt::family {

/// The keys of config.json that say what a head's classes mean, and what to make of its numbers.
inline constexpr std::array<std::string_view, 7> kLabelKeys = {"id2label",
                                                               "label2id",
                                                               "num_labels",
                                                               "problem_type",
                                                               "sentence_transformers",
                                                               "sbert_ce_default_activation_function",
                                                               "sbert_ce_default_activation_fn"};

/// Reads them into the config. @param text  of the file: label2id's order is of meaning, and a parsed object has none
/// @throws Error invalid_format, unsupported
void read_labels(const nlohmann::json& json, std::string_view text, const std::string& where, CheckpointConfig& config);

}  // namespace bertrt::family
