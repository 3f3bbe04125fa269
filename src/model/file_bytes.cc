#include "model/file_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "bertrt/error.h"

namespace bertrt::model {
namespace {

constexpr std::size_t kAlignment = std::size_t{2} << 20;  // a huge page's size
constexpr std::size_t kChunk = std::size_t{64} << 20;     // one system call's worth; Linux reads at most 2 GiB at once

// Uninitialized memory: zeroing it first would touch every page once more than reading does. Where the system has
// huge pages they save most of the page faults, which cost more than the copy from the page cache.
std::byte* allocate(std::size_t size) {
#if defined(__linux__)
  if (size >= 8 * kAlignment) {
    const std::size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
    void* data = std::aligned_alloc(kAlignment, rounded);
    if (data != nullptr) (void)::madvise(data, rounded, MADV_HUGEPAGE);
    return static_cast<std::byte*>(data);
  }
#endif
  return static_cast<std::byte*>(std::malloc(std::max<std::size_t>(size, 1)));
}

struct Close {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

std::unique_ptr<std::FILE, Close> open_file(const std::filesystem::path& path) {
#if defined(_WIN32)
  return std::unique_ptr<std::FILE, Close>(::_wfopen(path.c_str(), L"rb"));
#else
  return std::unique_ptr<std::FILE, Close>(std::fopen(path.c_str(), "rb"));
#endif
}

}  // namespace

void FileBytes::Free::operator()(std::byte* data) const noexcept { std::free(data); }

FileBytes FileBytes::read(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(ErrorCode::file_not_found, name, "a model file", "no file of this name");
  }
  if (std::filesystem::is_directory(status)) {
    throw Error(ErrorCode::io, name, "a model file", "a directory");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorCode::io, name, "a model file",
                failure ? failure.message() : "something that is not a plain file");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) throw Error(ErrorCode::io, name, "a readable file", failure.message());

  const auto file = open_file(path);
  if (!file) {
    throw Error(ErrorCode::io, name, "a readable file", std::error_code(errno, std::generic_category()).message());
  }
  std::setvbuf(file.get(), nullptr, _IONBF, 0);

  FileBytes bytes;
  bytes.size_ = static_cast<std::size_t>(size);
  bytes.data_.reset(allocate(bytes.size_));
  if (!bytes.data_) {
    throw Error(ErrorCode::io, name, "memory for the file's " + std::to_string(size) + " bytes", "not enough memory");
  }
  std::size_t done = 0;
  while (done < bytes.size_) {
    const std::size_t count = std::fread(bytes.data_.get() + done, 1, std::min(kChunk, bytes.size_ - done), file.get());
    if (count == 0) {
      throw Error(ErrorCode::io, name, std::to_string(size) + " readable bytes",
                  "the end or an error after " + std::to_string(done));
    }
    done += count;
  }
  return bytes;
}

}  // namespace bertrt::model
