#pragma once

namespace bertrt::session {

/// Gives memory that was freed back to the system where the allocator would keep it: a proof frees several times the
/// model's size in pieces that glibc's malloc holds on to. Does nothing with other allocators.
void trim_heap() noexcept;

}  // namespace bertrt::session
