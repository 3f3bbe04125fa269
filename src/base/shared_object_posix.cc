#include <dlfcn.h>
#include <sys/stat.h>

#if defined(__linux__)
#include <link.h>
#endif

#include <optional>
#include <system_error>

#include "base/shared_object.h"

namespace bertrt::base {
namespace {

std::filesystem::path path_of_own_code() {
  Dl_info info{};
#if defined(__GLIBC__)
  // Of the program itself the loader knows only what its caller called it; the kernel knows its file.
  void* extra = nullptr;
  if (dladdr1(reinterpret_cast<void*>(&path_of_own_code), &info, &extra, RTLD_DL_LINKMAP) == 0) return {};
  const char* name = static_cast<const link_map*>(extra)->l_name;
  return name == nullptr || *name == '\0' ? std::filesystem::path("/proc/self/exe") : std::filesystem::path(name);
#else
  if (dladdr(reinterpret_cast<void*>(&path_of_own_code), &info) == 0 || info.dli_fname == nullptr) return {};
  return info.dli_fname;
#endif
}

}  // namespace

SharedObject open_shared_object(const std::filesystem::path& path) {
  if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return {handle, {}};
  const char* message = dlerror();
  return {nullptr, message == nullptr ? "dlopen failed" : message};
}

void* find_symbol(const SharedObject& object, const char* name) noexcept { return dlsym(object.handle, name); }

std::filesystem::path own_file() {
  std::error_code failure;
  const std::filesystem::path path = path_of_own_code();
  if (!path.is_absolute()) return {};
  const std::filesystem::path real = std::filesystem::canonical(path, failure);
  return failure ? std::filesystem::path() : real;
}

bool is_as_trusted(const std::filesystem::path& file, const std::filesystem::path& as) {
  struct stat a {};
  struct stat b {};
  if (stat(file.c_str(), &a) != 0 || stat(as.c_str(), &b) != 0) return false;
  return a.st_uid == b.st_uid || a.st_uid == 0;
}

}  // namespace bertrt::base
