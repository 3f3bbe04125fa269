#pragma once

#include <cstddef>
#include <string>

#include "bertrt/session.h"

namespace bertrt::tasks {

/// What a model can do, for the message of a task that it cannot: "heads: masked-lm; sentence modules: Transformer,
/// Pooling; outputs: hidden_state, token_logits".
std::string what_it_has(const BertSession& session);

/// The width of the last hidden state.
/// @throws Error unsupported where the model gives none, or where it is not known as well as `least` that it is one
std::size_t hidden_width(const BertSession& session, const std::string& task, Evidence least);

/// Columns of the masked-token head's logits. @throws Error as hidden_width
std::size_t logits_width(const BertSession& session, const std::string& task, Evidence least);

}  // namespace bertrt::tasks
