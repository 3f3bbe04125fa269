#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "archive/zip.h"

namespace bertrt::archive {

/// What a file that is no zip archive seems to be, and what to do about it; empty when it starts like a zip archive.
std::string describe_other_file(std::span<const std::byte> bytes);

/// What a zip archive that is no TorchScript model seems to be; empty for a TorchScript model.
/// @param root  the archive's top folder with its slash
std::string describe_other_archive(const ZipDirectory& directory, std::string_view root);

}  // namespace bertrt::archive
