#pragma once

#include <filesystem>
#include <string>

namespace bertrt::base {

/// A shared object that stays open for the rest of the process: what it registered or handed out must not vanish.
struct SharedObject {
  void* handle = nullptr;  ///< null: could not be opened
  std::string failure;     ///< the system's message then, one line
};

// All that is bound to an operating system about shared objects: shared_object_posix.cc and its twin for Windows.

/// Its static initializers run, and what they throw leaves from here. Opening one twice is harmless; a bare file name
/// is searched for as the system does. Its names are not offered to other objects.
SharedObject open_shared_object(const std::filesystem::path& path);

/// The address of an exported name; null when there is none.
void* find_symbol(const SharedObject& object, const char* name) noexcept;

/// The file that holds this library's code, with its links resolved: the shared library, or the program that it is
/// linked into. Empty when the system does not say.
std::filesystem::path own_file();

/// Whether two files belong to the same user, or the first to the system's administrator; true where the system has no
/// such notion. False when one cannot be looked at.
bool is_as_trusted(const std::filesystem::path& file, const std::filesystem::path& as);

}  // namespace bertrt::base
