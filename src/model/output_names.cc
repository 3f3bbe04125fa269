#include "model/output_names.h"

#include <algorithm>
#include <utility>

#include "model/architecture.h"

namespace bertrt::model {
namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::vector<std::string> manifest_outputs(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const auto& [method, values] : manifest.methods) {
    for (const std::string& output : values.outputs) add_once(names, output);
  }
  return names;
}

bool is_sequence(const std::string& type) { return type.starts_with("List[") || type.starts_with("Tuple["); }

}  // namespace

OutputRole role_of_output(std::string_view name, std::string_view task) {
  using enum OutputRole;
  static constexpr std::pair<std::string_view, OutputRole> kNames[] = {{"all_encoder_layers", hidden_state},
                                                                       {"hidden_states", hidden_state},
                                                                       {"last_hidden_state", hidden_state},
                                                                       {"pooled_output", pooled_output},
                                                                       {"pooler_output", pooled_output},
                                                                       {"start_logits", start_logits},
                                                                       {"end_logits", end_logits}};
  for (const auto& [known, role] : kNames) {
    if (name == known) return role;
  }
  if (name != "logits" || task.empty()) return other;
  const std::string_view head = head_of(task);
  return head == "masked-lm" || head == "token-classification" ? token_logits : text_logits;
}

std::vector<std::string> type_items(const std::string& type) {
  const std::size_t open = type.find('[');
  if (!type.starts_with("Tuple[") || open == std::string::npos || type.back() != ']') return {type};
  std::vector<std::string> items;
  std::string item;
  std::size_t depth = 0;
  for (std::size_t i = open + 1; i + 1 < type.size(); ++i) {
    const char c = type[i];
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (c == ',' && depth == 0) {
      items.push_back(std::move(item));
      item.clear();
    } else if (c != ' ' || !item.empty()) {
      item += c;
    }
  }
  if (!item.empty()) items.push_back(std::move(item));
  return items;
}

std::vector<std::string> output_names(const ModelFile& file) {
  if (file.manifest() && !file.manifest()->methods.empty()) return manifest_outputs(*file.manifest());
  const Method* forward = file.find_method("forward");
  if (forward == nullptr) return {};
  if (!forward->output_keys.empty()) return forward->output_keys;
  const std::vector<std::string> types = type_items(forward->return_type);
  // A model whose every weight is its encoder's is that encoder: what it returns comes in the library's order.
  const auto encoder = find_encoder(file);
  const bool bare = encoder && std::all_of(file.parameters().begin(), file.parameters().end(),
                                           [&](const auto& own) { return own.name.starts_with(encoder->prefix); });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (bare && i == 0) {
      names.push_back(is_sequence(types[i]) ? "all_encoder_layers" : "last_hidden_state");
    } else if (bare && is_sequence(types[i])) {
      add_once(names, "hidden_states");
    } else if (bare && i == 1) {
      names.push_back("pooler_output");
    } else {
      names.push_back("output " + std::to_string(i));
    }
  }
  return names;
}

}  // namespace bertrt::model
