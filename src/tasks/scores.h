#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt::tasks {

/// One row of logits as scores.
std::vector<float> scores_of(std::span<const float> logits, ScoreFunction function);

/// What an activation of torch makes of a row, in place. @param name  the last part of its class ("Sigmoid"); empty:
/// none
/// @throws Error unsupported for one that is not known
void activate(std::string_view name, std::span<float> row);

/// Whether activate() knows it.
bool knows_activation(std::string_view name) noexcept;

/// How a pair or a text is encoded for a head that reads texts; truncation none: a text of more than `max_length`
/// tokens is an error, of more than the model takes in any case.
EncodeOptions encode_options(const BertSession& session, Truncation truncation, std::size_t max_length,
                             const char* option);

/// A text or a pair; an empty second text counts as none, as for Python's tokenizers on single texts.
Encoding encode_loosely(const Tokenizer& tokenizer, const TextPair& pair, const EncodeOptions& options);

}  // namespace bertrt::tasks
