#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace bertrt::archive {

/// A zip file of which only its directory, the headers and the entries that are wanted were read, at the places where
/// they stand in the file: for ZipDirectory, which is as strict with it as with the whole file. The other entries'
/// bytes are zeros in memory that is reserved and never touched, so that it costs nothing; they fail their checksums.
class PartialFile {
 public:
  /// @param wanted  of an entry's name, the top folder included
  /// @throws Error file_not_found, io; what ZipDirectory throws for a zip file that is damaged
  static PartialFile read(const std::filesystem::path& path, const std::function<bool(std::string_view name)>& wanted);

  std::span<const std::byte> span() const noexcept { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const noexcept;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace bertrt::archive
