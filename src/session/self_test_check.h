#pragma once

#include <optional>
#include <string>

#include "bertrt/tokenizer.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "model/traits.h"

namespace bertrt::session {

bool has_self_test(const model::ModelFile& file);

/// An engine against the Python outputs that a bundle carries, and the bundle's tokenizer against its ids: the
/// objection, or nothing where they agree.
/// @param tokenizer  null: none is held to it
std::optional<std::string> differs_from_self_test(const engine::Engine& engine, const Tokenizer* tokenizer,
                                                  const model::ModelFile& file, const model::ModelTraits& traits);

}  // namespace bertrt::session
