#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

#include "base/fresh_memory.h"

namespace bertrt::archive {

/// @throws Error file_not_found, io (a directory, no permission, something that is not a plain file)
std::size_t size_of_file(const std::filesystem::path& path);

/// A file whose ranges are read where they are wanted. For one thread.
class RangeReader {
 public:
  explicit RangeReader(const std::filesystem::path& path);
  /// Whether it could be opened; errno says why not.
  explicit operator bool() const noexcept { return file_ != nullptr; }
  /// Reads the file's bytes from `offset` on into `out`; returns how many there were.
  std::size_t read(std::size_t offset, std::span<std::byte> out) const;

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

/// A whole file in memory of our own. A mapping would be cheaper, but a file that is cut while it is mapped kills the
/// process; what was read cannot change under the checks that were made on it.
class FileBytes {
 public:
  /// @throws Error file_not_found, io (a directory, no permission, a file that shrinks while it is read)
  static FileBytes read(const std::filesystem::path& path);

  std::span<const std::byte> span() const noexcept { return {data_.get(), size_}; }

 private:
  base::FreshMemory data_;
  std::size_t size_ = 0;
};

}  // namespace bertrt::archive
