#pragma once

#include <memory>

#include "bertrt/embedder.h"
#include "bertrt/session.h"

namespace bertrt::tasks {

class EmbedderImpl;

/// Texts through a session's encoder, its hidden states pooled. @throws Error as the constructor of Embedder
std::shared_ptr<const EmbedderImpl> make_encoder_embedder(BertSession session, const EmbedderOptions& options);

}  // namespace bertrt::tasks
