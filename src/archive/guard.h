#pragma once

#include <new>
#include <stdexcept>
#include <string>

#include "bertrt/error.h"

namespace bertrt::archive {

/// Runs `work` and turns what the standard library throws for want of memory into an Error, so that nothing else
/// leaves this layer.
template <typename Work>
auto guard_memory(const std::string& where, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_resources, where, "enough memory for the file", "too little");
  } catch (const std::length_error&) {
    throw Error(ErrorCode::invalid_format, where, "sizes that fit into memory", "larger ones");
  }
}

}  // namespace bertrt::archive
