#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::base {

/// What `work` returns; where an allocation in it fails, Error(out_of_resources) about `where`, so that callers of the
/// library meet one kind of exception. Stands around the body of every public function that allocates, but not around
/// a caller's own function: what that throws is the caller's.
template <typename Work>
auto or_out_of_memory(const char* where, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_resources, where, "enough memory", "none left");
  } catch (const std::length_error&) {
    throw Error(ErrorCode::out_of_resources, where, "sizes that fit into memory", "larger ones");
  }
}

}  // namespace bertrt::base
