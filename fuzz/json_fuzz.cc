// Any bytes through the bounded JSON reader and the manifest's. Checked: no crash and no exception but Error; what is
// accepted is what the JSON library itself reads, and is valid for it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "bertrt/error.h"
#include "model/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nlohmann::json ours = bertrt::base::parse_json(text, "fuzz");
    const nlohmann::json plain = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    if (plain.is_discarded() || ours != plain) std::abort();
  } catch (const bertrt::Error& error) {
    if (std::string_view(error.what()).find_first_of("\n\x1b") != std::string_view::npos) std::abort();
  }
  try {
    (void)bertrt::model::parse_manifest(text, "fuzz");
  } catch (const bertrt::Error& error) {
    if (std::string_view(error.what()).find_first_of("\n\x1b") != std::string_view::npos) std::abort();
  }
  return 0;
}
