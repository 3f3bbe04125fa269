#define NOMINMAX
#include <windows.h>

#include <string>

#include "base/shared_object.h"

namespace bertrt::base {

SharedObject open_shared_object(const std::filesystem::path& path) {
  // The library's own folder is searched for what it needs.
  const DWORD flags = path.is_absolute() ? LOAD_WITH_ALTERED_SEARCH_PATH : 0;
  if (HMODULE handle = LoadLibraryExW(path.c_str(), nullptr, flags)) return {handle, {}};
  return {nullptr, "LoadLibrary failed with error " + std::to_string(GetLastError())};
}

void* find_symbol(const SharedObject& object, const char* name) noexcept {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(object.handle), name));
}

std::filesystem::path own_file() {
  HMODULE module = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&own_file), &module)) return {};
  std::wstring name(32768, L'\0');
  name.resize(GetModuleFileNameW(module, name.data(), static_cast<DWORD>(name.size())));
  return name;
}

bool is_as_trusted(const std::filesystem::path&, const std::filesystem::path&) { return true; }

}  // namespace bertrt::base
