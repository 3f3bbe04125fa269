#include "archive/content_hash.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "archive/parallel.h"
#include "archive/sha256.h"

namespace bertrt::archive {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kBytesPerThread = std::size_t{4} << 20;
constexpr std::string_view kLabel = "bertrt content 1\n";

}  // namespace

std::string content_hash(std::span<const std::byte> bytes) {
  const std::size_t chunks = (bytes.size() + kChunk - 1) / kChunk;
  std::vector<std::byte> top(kLabel.size() + 8 + chunks * sizeof(Sha256Digest));
  std::memcpy(top.data(), kLabel.data(), kLabel.size());
  for (std::size_t i = 0; i < 8; ++i) {
    top[kLabel.size() + i] = static_cast<std::byte>(std::uint64_t{bytes.size()} >> (8 * i));
  }
  std::byte* const digests = top.data() + kLabel.size() + 8;
  const std::size_t parts = parts_for(bytes.size(), kBytesPerThread);
  run_parts(parts, [&](std::size_t part) {
    const std::size_t end = chunks * (part + 1) / parts;
    for (std::size_t chunk = chunks * part / parts; chunk < end; ++chunk) {
      const std::size_t at = chunk * kChunk;
      const Sha256Digest digest = sha256(bytes.subspan(at, std::min(kChunk, bytes.size() - at)));
      std::memcpy(digests + chunk * digest.size(), digest.data(), digest.size());
    }
  });
  std::string text;
  for (const std::uint8_t byte : sha256(top)) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

}  // namespace bertrt::archive
