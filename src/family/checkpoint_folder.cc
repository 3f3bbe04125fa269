#include "family/checkpoint_folder.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {

namespace fs = std::filesystem;

void refuse_adapter(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / "adapter_config.json", ignored)) return;
  throw Error(ErrorCode::unsupported, folder.string(), "a model whose weights are all in its own files",
              "adapter_config.json: an adapter (LoRA or the like), which is not read; merge it first in Python "
              "(merge_and_unload) and save the model again");
}

std::string what_lacks_a_config(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> found;
  fs::directory_iterator entry(folder / "snapshots", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (fs::exists(entry->path() / "config.json", ignored)) found.push_back(entry->path().filename().string());
  }
  if (found.empty()) return "a folder without one";
  std::sort(found.begin(), found.end());
  std::string text = "the root of a model in a cache, whose files are in snapshots/" + base::printable(found.front());
  if (found.size() > 1) text += " and " + std::to_string(found.size() - 1) + " more; name one of these folders";
  return found.size() > 1 ? text : text + "; name that folder";
}

}  // namespace bertrt::family
