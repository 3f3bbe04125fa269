#include "model/traits.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace bertrt::model {
namespace {

// RoBERTa and its family count positions from padding_idx + 1 = 2, and have two rows more than tokens fit.
constexpr std::size_t kOffsetRows = 2;
constexpr std::size_t kUsualRounding = 64;

bool names(std::string_view parameter, std::string_view suffix) {
  return parameter == suffix || (parameter.size() > suffix.size() && parameter.ends_with(suffix) &&
                                 parameter[parameter.size() - suffix.size() - 1] == '.');
}

std::size_t rows_of(const ModelFile& file, std::string_view suffix) {
  for (const Parameter& parameter : file.parameters()) {
    if (names(parameter.name, suffix) && parameter.tensor.shape.size() == 2) {
      return static_cast<std::size_t>(parameter.tensor.shape[0]);
    }
  }
  return 0;
}

// The width that most layer norms have: embeddings can be narrower (ALBERT, ELECTRA), and a head has one of its own.
std::size_t usual_norm_width(const ModelFile& file) {
  std::map<std::size_t, std::size_t> votes;
  for (const Parameter& parameter : file.parameters()) {
    const std::string_view name = parameter.name;
    const bool norm =
        names(name, "LayerNorm.weight") || names(name, "layer_norm.weight") || name.ends_with("layer_norm.weight");
    if (norm && parameter.tensor.shape.size() == 1) ++votes[static_cast<std::size_t>(parameter.tensor.shape[0])];
  }
  const auto best =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == votes.end() ? 0 : best->first;
}

// Different numbers after "layer." (BERT and its kin) in the weights' names.
std::size_t count_layers(const ModelFile& file) {
  std::set<std::string, std::less<>> numbers;
  for (const Parameter& parameter : file.parameters()) {
    const std::string_view name = parameter.name;
    const auto at = name.find("layer.");
    if (at == std::string_view::npos || (at != 0 && name[at - 1] != '.')) continue;
    const auto begin = at + std::string_view("layer.").size();
    const auto number = name.substr(begin, name.find('.', begin) - begin);
    if (!number.empty() && std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      numbers.emplace(number);
    }
  }
  return numbers.size();
}

void read_positions(const ModelFile& file, ModelTraits& traits) {
  const std::size_t rows = rows_of(file, "position_embeddings.weight");
  const bool offset = rows > kOffsetRows && rows % kUsualRounding == kOffsetRows;
  traits.max_length = offset ? rows - kOffsetRows : rows;
  traits.first_position = offset ? static_cast<std::int64_t>(kOffsetRows) : 0;
}

// The traced shape is that of input_ids: [batch, sequence].
void read_traced_shape(const ModelFile& file, ModelTraits& traits) {
  const Method* forward = file.find_method("forward");
  if (forward == nullptr) return;
  for (const InputSpec& input : forward->inputs) {
    if (input.traced_shape.size() == 2 && input.traced_shape[0] > 0 && input.traced_shape[1] > 0) {
      traits.traced_batch = static_cast<std::size_t>(input.traced_shape[0]);
      traits.traced_length = static_cast<std::size_t>(input.traced_shape[1]);
      return;
    }
  }
}

}  // namespace

ModelTraits read_traits(const ModelFile& file, std::optional<std::int64_t> pad_token_id) {
  ModelTraits traits;
  read_positions(file, traits);
  read_traced_shape(file, traits);
  traits.vocab_size = rows_of(file, "word_embeddings.weight");
  traits.type_vocab_size = rows_of(file, "token_type_embeddings.weight");
  traits.hidden_size = usual_norm_width(file);
  traits.num_layers = count_layers(file);
  traits.pad_token_id = pad_token_id.value_or(traits.first_position == 0 ? 0 : traits.first_position - 1);
  if (!file.manifest()) return traits;

  const Manifest& manifest = *file.manifest();
  const EncoderConfig& config = manifest.config;
  const auto prefer = [](std::size_t& value, std::size_t recorded) {
    if (recorded != 0) value = recorded;
  };
  prefer(traits.hidden_size, config.hidden_size);
  prefer(traits.num_layers, config.num_hidden_layers);
  prefer(traits.vocab_size, config.vocab_size);
  prefer(traits.type_vocab_size, config.type_vocab_size);
  prefer(traits.max_length, manifest.proven_max);
  prefer(traits.traced_batch, manifest.traced_batch);
  prefer(traits.traced_length, manifest.traced_length);
  traits.pad_token_id = config.pad_token_id;
  const bool offset = config.position_scheme == "offset" || config.position_scheme == "relative";
  traits.first_position = offset ? config.pad_token_id + 1 : 0;
  return traits;
}

}  // namespace bertrt::model
