// Any bytes as a zip archive: read, and where it is a TorchScript archive, written anew. Checked: no crash and no
// exception but Error; entries inside of the file and apart from each other; what is written anew reads back the same.
//
//   python fuzz/archive_seeds.py corpus && zip_fuzz -max_len=20000 corpus/zip

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/rewrite.h"
#include "archive/zip.h"
#include "bertrt/error.h"

namespace {

using namespace bertrt::archive;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_directory(std::span<const std::byte> bytes) {
  const ZipDirectory directory(bytes, "fuzz");
  std::size_t payloads = 0;
  for (const ZipEntry& entry : directory.entries()) {
    require(entry.payload.data() >= bytes.data());
    require(entry.payload.data() + entry.payload.size() <= bytes.data() + bytes.size());
    payloads += entry.payload.size();
    require(directory.find(entry.name) == &entry);
  }
  require(payloads <= bytes.size());
  (void)damaged_entries(directory);
}

void check_rewriting(std::span<const std::byte> bytes) {
  Archive before(bytes, "fuzz");
  const std::vector<std::byte> written = rewrite(before, bytes.size() % 3 == 0 ? 0 : 0xffffffff);
  Archive after(written, "written");
  for (const std::string& name : after.list("")) {
    const auto one = before.read(name);
    const auto two = after.read(name);
    require(std::equal(one.begin(), one.end(), two.begin(), two.end()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const auto check : {check_directory, check_rewriting}) {
    try {
      check(bytes);
    } catch (const bertrt::Error&) {
      // The one exception that may leave the library.
    }
  }
  return 0;
}
