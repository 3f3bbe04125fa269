#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "archive/unread.h"

namespace bertrt::archive {

/// A plain file that is kept open and read where it is wanted, its bytes standing for addresses that nothing lies at.
///
/// Nothing is mapped from the file: a mapped file that somebody cuts kills the process; here the read that comes too
/// late is an Error. What was read once and is read again need not be the same: checks are made on what was read.
class DeferredFile final : public Unread {
 public:
  /// Whether this system can set addresses aside. Where it cannot, FileBytes is what there is.
  static constexpr bool possible() noexcept {
#if defined(_WIN32)
    return false;
#else
    return true;
#endif
  }

  /// @throws Error file_not_found, io (a directory, no permission, something that is not a plain file, no addresses)
  explicit DeferredFile(const std::filesystem::path& path);
  ~DeferredFile() override;

  /// The whole file's, as large as it was when it was opened. Not to be touched.
  std::span<const std::byte> addresses() const noexcept { return {addresses_, size_}; }
  void read(const std::byte* from, std::span<std::byte> out) const override;

 private:
  std::string name_;
  int file_ = -1;
  std::size_t size_ = 0;
  const std::byte* addresses_ = nullptr;
};

}  // namespace bertrt::archive
