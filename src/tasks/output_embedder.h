#pragma once

#include <memory>

#include "bertrt/embedder.h"
#include "bertrt/output.h"
#include "bertrt/session.h"

namespace bertrt::tasks {

class EmbedderImpl;

/// The vector of a text that a model gives by itself, where its files name no pooling: its output `sentence_embedding`;
/// else, where it gives no hidden states, the one vector of a text that is among its outputs. Null: it has none, and
/// none of another kind that could be meant. @throws Error unsupported where it gives something else of a text
const OutputInfo* own_vector(const BertSession& session);

/// Texts to that vector. @throws Error as the constructor of Embedder
std::shared_ptr<const EmbedderImpl> make_output_embedder(BertSession session, const OutputInfo& output,
                                                         const EmbedderOptions& options);

}  // namespace bertrt::tasks
