#include "tokenizer/hub/file_stages.h"

#include <utility>
#include <variant>

#include "tokenizer/files/json_part.h"
#include "tokenizer/files/stages_json.h"
#include "tokenizer/files/tokenizer_json.h"

namespace bertrt::tokenizer {

FileStages read_file_stages(const nlohmann::json& rest, const std::string& where) {
  const JsonPart document(rest, where);
  check_members(document);
  FileStages stages;
  stages.has_post_processor = rest.contains("post_processor") && !rest["post_processor"].is_null();
  if (stages.has_post_processor) {
    stages.post_processors = read_post_processor(rest["post_processor"], where + ": post_processor");
  }
  if (rest.contains("normalizer")) {
    const Normalizer normalizer = read_normalizer(rest["normalizer"], where + ": normalizer");
    for (const normalizers::Step& step : normalizer.steps()) {
      const auto* map = std::get_if<normalizers::Precompiled>(&step);
      if (map != nullptr && stages.charsmap == nullptr) stages.charsmap = *map;
    }
  }
  if (const auto truncation = read_truncation(document)) stages.truncation_side = truncation->side;
  if (auto padding = read_padding(document)) {
    stages.padding_side = padding->side;
    stages.pad_token = std::move(padding->token);
  }
  return stages;
}

}  // namespace bertrt::tokenizer
