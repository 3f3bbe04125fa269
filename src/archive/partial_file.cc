#include "archive/partial_file.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "archive/zip_end.h"
#include "archive/zip_parser.h"
#include "bertrt/error.h"

namespace bertrt::archive {

void PartialFile::Free::operator()(std::byte* data) const noexcept { std::free(data); }

PartialFile PartialFile::read(const std::filesystem::path& path,
                              const std::function<bool(std::string_view name)>& wanted) {
  const std::string name = path.string();
  PartialFile file;
  file.size_ = size_of_file(path);
  // Large zeroed memory comes from the system as pages that are made when they are first touched.
  file.data_.reset(static_cast<std::byte*>(std::calloc(std::max<std::size_t>(file.size_, 1), 1)));
  if (!file.data_) {
    throw Error(ErrorCode::out_of_resources, name, "memory for the file's " + std::to_string(file.size_) + " bytes",
                "not enough memory");
  }
  const std::span<std::byte> bytes(file.data_.get(), file.size_);
  const RangeReader reader(path);
  const auto fetch = [&](std::uint64_t offset, std::uint64_t count) {
    if (offset >= bytes.size()) return;
    const auto begin = static_cast<std::size_t>(offset);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(count, bytes.size() - begin));
    if (reader.read(begin, bytes.subspan(begin, size)) == size) return;
    throw Error(ErrorCode::io, name, std::to_string(bytes.size()) + " readable bytes", "fewer");
  };
  fetch(0, kLongestZipEnd);  // for whoever says what kind of file it is
  if (as_text(file.span()).substr(0, 2) != "PK") return file;
  for (const ZipEntry& entry : ZipParser(file.span(), name, fetch).parse()) {
    if (!wanted(entry.name)) continue;
    fetch(static_cast<std::uint64_t>(entry.payload.data() - file.span().data()), entry.payload.size());
  }
  return file;
}

}  // namespace bertrt::archive
