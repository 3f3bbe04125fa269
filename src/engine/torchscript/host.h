#pragma once

#include "engine/module.h"

namespace bertrt::engine::torchscript {

/// The library that this engine works for: the only functions of it that may be called from this folder.
const ModuleHost& host() noexcept;

}  // namespace bertrt::engine::torchscript
