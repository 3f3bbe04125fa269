#pragma once

#include <vector>

#include "model/model_file.h"

namespace bertrt::model {

/// What a user should know about how a model wants to be fed, as far as its file shows it: findings of severity note.
/// Above all the classic trap: a trace whose second input is the attention mask though its maker passed segment ids.
std::vector<Finding> read_notes(const ModelFile& file);

}  // namespace bertrt::model
