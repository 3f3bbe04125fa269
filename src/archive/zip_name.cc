#include "archive/zip_name.h"

#include <cstddef>

#include "base/plain_text.h"

namespace bertrt::archive {

std::string_view problem_of_name(std::string_view name) noexcept {
  if (name.empty()) return "an empty one";
  if (const auto problem = base::problem_of_text(name); !problem.empty()) return problem;
  if (name.find('\\') != std::string_view::npos) return "one with a backslash";
  if (name.ends_with('/')) name.remove_suffix(1);  // a folder
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = name.find('/', begin);
    if (end == std::string_view::npos) end = name.size();
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty()) return "one with an empty part";
    if (part == "." || part == "..") return "one that leaves its folder";
    begin = end + 1;
  }
  return {};
}

}  // namespace bertrt::archive
