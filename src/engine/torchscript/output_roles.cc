#include "engine/torchscript/output_roles.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace bertrt::engine::torchscript {
namespace {

// Keys of Hugging Face's outputs and of our own manifests. "logits" are a token's or a text's, as their shape says.
constexpr std::array<std::pair<std::string_view, OutputRole>, 10> kNames = {{
    {"all_encoder_layers", OutputRole::hidden_state},
    {"hidden_states", OutputRole::hidden_state},
    {"last_hidden_state", OutputRole::hidden_state},
    {"pooled_output", OutputRole::pooled_output},
    {"pooler_output", OutputRole::pooled_output},
    {"logits", OutputRole::token_logits},
    {"prediction_logits", OutputRole::token_logits},
    {"seq_relationship_logits", OutputRole::text_logits},
    {"start_logits", OutputRole::start_logits},
    {"end_logits", OutputRole::end_logits},
}};

std::string_view outermost(std::string_view name) { return name.substr(0, name.find('.')); }

bool is_hidden(const SeenOutput& output, const ModelTraits& traits) {
  return output.sizes.size() == 2 && output.token_axes[0] && !output.token_axes[1] && traits.hidden_size != 0 &&
         static_cast<std::size_t>(output.sizes[1]) == traits.hidden_size;
}

// Hugging Face puts the embeddings in front of the layers, which are no layer's output.
bool is_embeddings(const SeenOutput& output, const ModelTraits& traits) {
  if (output.place != 0 || output.list < 2) return false;
  if (traits.num_layers != 0) return output.list == traits.num_layers + 1;
  return outermost(output.name) == "hidden_states";
}

bool fits(const SeenOutput& output, OutputRole role, const ModelTraits& traits) {
  const std::size_t rank = output.sizes.size();
  const bool by_token = rank > 0 && output.token_axes[0];
  switch (role) {
    case OutputRole::hidden_state: return is_hidden(output, traits) && !is_embeddings(output, traits);
    case OutputRole::pooled_output: return rank == 1 && !by_token;
    case OutputRole::token_logits: return by_token && (rank == 1 || (rank == 2 && !output.token_axes[1]));
    case OutputRole::text_logits: return !by_token && rank <= 1;
    case OutputRole::start_logits:
    case OutputRole::end_logits: return rank == 1 && by_token;
    case OutputRole::other: break;
  }
  return false;
}

OutputInfo role_of(const SeenOutput& output, const ModelTraits& traits) {
  const auto known = std::find_if(traits.outputs.begin(), traits.outputs.end(),
                                  [&](const OutputInfo& info) { return info.name == output.name; });
  if (known != traits.outputs.end()) return {output.name, known->role, known->evidence, {}, known->in_more};
  if (output.named) {
    const auto named = std::find_if(kNames.begin(), kNames.end(),
                                    [&](const auto& entry) { return entry.first == outermost(output.name); });
    if (named == kNames.end()) return {output.name, OutputRole::other, Evidence::none, {}, true};
    OutputRole role = named->second;
    if (role == OutputRole::token_logits && !fits(output, role, traits)) role = OutputRole::text_logits;
    if (fits(output, role, traits)) return {output.name, role, Evidence::by_name, {}, false};
    return {output.name, OutputRole::other, Evidence::none, {}, true};
  }
  if (fits(output, OutputRole::hidden_state, traits)) {
    return {output.name, OutputRole::hidden_state, Evidence::by_shape, {}, false};
  }
  return {output.name, OutputRole::other, Evidence::none, {}, true};
}

// EncoderOutput has one place a role; of hidden states it has the first list's, else the first tensor.
void settle_places(const std::vector<SeenOutput>& seen, std::vector<OutputInfo>& infos) {
  std::string_view layers;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (infos[i].role == OutputRole::hidden_state && seen[i].list > 1) {
      layers = outermost(seen[i].name);
      break;
    }
  }
  std::array<bool, static_cast<std::size_t>(OutputRole::other)> taken{};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    OutputInfo& info = infos[i];
    if (info.in_more || info.role == OutputRole::other) {
      info.in_more = true;
      continue;
    }
    if (info.role == OutputRole::hidden_state && !layers.empty()) {
      info.in_more = outermost(info.name) != layers;
      continue;
    }
    bool& role = taken[static_cast<std::size_t>(info.role)];
    info.in_more = std::exchange(role, true);
  }
}

}  // namespace

std::vector<OutputInfo> roles_of(const std::vector<SeenOutput>& seen, const ModelTraits& traits) {
  std::vector<OutputInfo> infos;
  infos.reserve(seen.size());
  for (const SeenOutput& output : seen) infos.push_back(role_of(output, traits));
  if (traits.outputs.empty()) settle_places(seen, infos);
  return infos;
}

}  // namespace bertrt::engine::torchscript
