#pragma once

#include <cstddef>
#include <cstdint>

namespace bertrt::text {

/// Sets bit i of `breaks[b]` where byte 64 * b + i is not an ASCII letter or digit: the places where an ASCII word can
/// end. Reads exactly 64 * blocks bytes. Uses the widest vectors of the processor that it runs on.
void find_word_breaks(const char* text, std::size_t blocks, std::uint64_t* breaks) noexcept;

}  // namespace bertrt::text
