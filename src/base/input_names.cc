#include "base/input_names.h"

#include <algorithm>

namespace bertrt::base {

bool is_text_input(std::string_view name) noexcept {
  return std::find(kTextInputs.begin(), kTextInputs.end(), name) != kTextInputs.end();
}

std::string standard_input_name(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kKnown = {
      "input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds", "head_mask", "bbox"};
  const std::string_view base = name.substr(0, name.find('.'));
  for (const std::string_view known : kKnown) {
    if (!base.starts_with(known)) continue;
    const std::string_view suffix = base.substr(known.size());
    if (suffix.find_first_not_of("0123456789") == std::string_view::npos) return std::string(known);
  }
  return std::string(base);
}

}  // namespace bertrt::base
