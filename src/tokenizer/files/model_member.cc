#include "tokenizer/files/model_member.h"

#include <cstddef>

#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"

namespace bertrt::tokenizer {

TokenizerJsonParts split_tokenizer_json(std::string_view bytes, const std::string& where) {
  TokenizerJsonParts parts;
  JsonCursor json(bytes, where);
  std::string key;
  json.enter_object();
  while (json.next_key(key)) {
    const std::string_view value = json.skip_value();
    if (key == "model") parts.model = value;
  }
  if (!parts.model.starts_with('{')) throw Error(ErrorCode::invalid_format, where, "an object \"model\"", "none");
  const auto begin = static_cast<std::size_t>(parts.model.data() - bytes.data());
  parts.rest.reserve(bytes.size() - parts.model.size() + 2);
  parts.rest.append(bytes.substr(0, begin)).append("{}").append(bytes.substr(begin + parts.model.size()));
  return parts;
}

}  // namespace bertrt::tokenizer
