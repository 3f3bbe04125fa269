#include "session/tokenizer_limit.h"

#include <cmath>
#include <system_error>

#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "base/json.h"
#include "bertrt/error.h"

namespace bertrt::session {

std::size_t tokenizer_limit(const std::filesystem::path& folder) {
  // Hugging Face writes 1e30 for "none".
  constexpr double kNoLimit = 1e9;
  const std::filesystem::path path = folder / "tokenizer_config.json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return 0;
  const archive::FileBytes bytes = archive::FileBytes::read(path);
  const nlohmann::json settings = base::parse_json(archive::as_text(bytes.span()), path.string());
  if (!settings.is_object())
    throw Error(ErrorCode::invalid_format, path.string(), "settings by names", "something else");
  const auto found = settings.find("model_max_length");
  if (found == settings.end() || found->is_null()) return 0;
  const double limit = found->is_number() ? found->get<double>() : -1;
  if (!(limit >= 1)) {
    throw Error(ErrorCode::invalid_format, path.string() + ": model_max_length", "a number of tokens from 1 on",
                found->is_number() ? "a smaller one" : "something else");
  }
  return limit > kNoLimit ? 0 : static_cast<std::size_t>(std::floor(limit));
}

}  // namespace bertrt::session
