#include "engine/module_search.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/shared_object.h"
#include "bertrt/error.h"

namespace bertrt::engine {
namespace {

#if defined(_WIN32)
constexpr char kSeparator = ';';
#else
constexpr char kSeparator = ':';
#endif

// Nothing for a program that runs with more rights than its caller has.
std::string environment(const char* name) {
#if defined(__GLIBC__)
  const char* value = secure_getenv(name);
#else
  const char* value = std::getenv(name);
#endif
  return value == nullptr ? std::string() : value;
}

void check_absolute(const char* where, const std::filesystem::path& folder) {
  if (folder.is_absolute()) return;
  throw Error(ErrorCode::invalid_argument, where, "absolute folders", "\"" + folder.string() + "\"");
}

class Candidates {
 public:
  explicit Candidates(std::string_view file_name) : file_name_(file_name) {}

  void named(const std::filesystem::path& folder) { paths_.push_back(folder / file_name_); }

  // Nobody has named these, so that a module there must be as trusted as the code that asks for it.
  void around(const std::filesystem::path& own) {
    const std::filesystem::path folder = own.parent_path();
    add_installed(folder, own);
    if (folder.filename() == std::filesystem::path(BERTRT_BIN_FOLDER).filename()) {
      add_installed((folder / BERTRT_LIB_FROM_BIN).lexically_normal(), own);
    }
  }

  std::vector<std::filesystem::path> take() && { return std::move(paths_); }

 private:
  void add_installed(const std::filesystem::path& folder, const std::filesystem::path& own) {
    for (const std::filesystem::path& path : {folder / "bertrt" / file_name_, folder / file_name_}) {
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored) && !base::is_as_trusted(path, own)) continue;
      paths_.push_back(path);
    }
  }

  std::string file_name_;
  std::vector<std::filesystem::path> paths_;
};

}  // namespace

std::vector<std::filesystem::path> module_candidates(std::string_view file_name, const std::filesystem::path& folder) {
  Candidates candidates(file_name);
  if (!folder.empty()) {
    check_absolute("the folder of modules", folder);
    candidates.named(folder);
  }
  const std::string listed = environment("BERTRT_MODULE_PATH");
  for (std::size_t begin = 0; begin < listed.size();) {
    const std::size_t end = std::min(listed.find(kSeparator, begin), listed.size());
    const std::filesystem::path entry = listed.substr(begin, end - begin);
    check_absolute("BERTRT_MODULE_PATH", entry);
    candidates.named(entry);
    begin = end + 1;
  }
  if (const std::filesystem::path own = base::own_file(); !own.empty()) candidates.around(own);
  return std::move(candidates).take();
}

}  // namespace bertrt::engine
