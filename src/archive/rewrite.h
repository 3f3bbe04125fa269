#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "archive/archive.h"

namespace bertrt::archive {

/// An archive with the same program and weights, written anew from the entries as this library reads them: what another
/// reader is then given is what was checked, whatever it makes of the original's headers.
///
/// Only what running needs: data.pkl, constants.pkl, their tensors, code/…py, version, byteorder; sorted by name,
/// stored, with headers in their plainest form. As large as these are, so that a copy of the weights is in memory twice
/// for as long as both live.
/// @param narrow  sizes and offsets from here on are written in 64 bits; less than the default is for tests
/// @throws Error invalid_format for a damaged entry, io for want of memory
std::vector<std::byte> rewrite(Archive& archive, std::uint64_t narrow = 0xffffffff);

}  // namespace bertrt::archive
