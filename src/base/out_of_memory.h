#pragma once

#include <new>
#include <string>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::engine {

/// What `work` returns; where an allocation in it fails, Error(out_of_resources) about `where`, so that callers of the
/// library meet one kind of exception.
template <typename Work>
auto or_out_of_memory(const char* where, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_resources, where, "enough memory", "none left");
  }
}

}  // namespace bertrt::engine
