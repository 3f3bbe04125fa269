#pragma once

#include <cstddef>
#include <span>

namespace bertrt::archive {

/// Bytes that were left in their file until somebody wants them.
///
/// Each has an address, which tells storages apart and is no memory: touching one ends the process.
class Unread {
 public:
  Unread() = default;
  Unread(const Unread&) = delete;
  Unread& operator=(const Unread&) = delete;
  virtual ~Unread() = default;

  /// Brings the bytes from that address on. Any number of threads may read at once.
  /// @throws Error io when the file can no longer be read, or has become shorter
  virtual void read(const std::byte* from, std::span<std::byte> out) const = 0;
};

}  // namespace bertrt::archive
