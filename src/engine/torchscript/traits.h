#pragma once

#include "model/traits.h"

namespace bertrt::engine::torchscript {

using model::ModelTraits;

}  // namespace bertrt::engine::torchscript
