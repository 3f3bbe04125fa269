#include "tokenizer/files/tokenizer_json_parts.h"

#include <cstddef>
#include <string>

#include "base/json.h"
#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"

namespace bertrt::tokenizer {

TokenizerJsonParts split_tokenizer_json(std::string_view bytes, const std::string& where) {
  TokenizerJsonParts parts;
  parts.where = where;
  JsonCursor json(bytes, where);
  std::string key;
  json.enter_object();
  while (json.next_key(key)) {
    const std::string_view value = json.skip_value();
    if (key == "model") parts.model = value;
  }
  if (!parts.model.starts_with('{')) throw Error(ErrorCode::invalid_format, where, "an object \"model\"", "none");
  const auto begin = static_cast<std::size_t>(parts.model.data() - bytes.data());
  std::string rest;
  rest.reserve(bytes.size() - parts.model.size() + 2);
  rest.append(bytes.substr(0, begin)).append("{}").append(bytes.substr(begin + parts.model.size()));
  parts.rest = base::parse_json(rest, where);
  return parts;
}

}  // namespace bertrt::tokenizer
