#include "tokenizer/hub/file_stages.h"

#include <variant>

#include "tokenizer/files/json_part.h"
#include "tokenizer/files/stages_json.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

std::optional<Side> side_of(const json& rest, const char* section, const std::string& where) {
  if (!rest.contains(section) || !rest[section].is_object()) return std::nullopt;
  const JsonPart part(rest[section], where + ": " + section);
  return !part.has("direction") || part.text("direction") == "Right" ? Side::right : Side::left;
}

}  // namespace

FileStages read_file_stages(const json& rest, const std::string& where) {
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
  stages.padding_side = side_of(rest, "padding", where);
  stages.truncation_side = side_of(rest, "truncation", where);
  if (stages.padding_side) stages.pad_token = JsonPart(rest["padding"], where + ": padding").text("pad_token");
  return stages;
}

}  // namespace bertrt::tokenizer
