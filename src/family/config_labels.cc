#include "family/config_labels.h"

#include <charconv>
#include <optional>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxLabels = std::size_t{1} << 20U;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// A label as Python prints it: most are texts, some files have numbers.
std::optional<std::string> label_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  return std::nullopt;
}

[[noreturn]] void refuse(const std::string& where, const char* key, std::string expected, const Json& found) {
  throw Error(ErrorCode::invalid_format, where + ": " + key, std::move(expected),
              base::printable(found.dump(-1, ' ', true)));
}

void read_names(const Json& json, const std::string& where, CheckpointConfig& config) {
  const auto names = json.find("id2label");
  if (names == json.end() || names->is_null()) return;
  if (!names->is_object() || names->size() > kMaxLabels) refuse(where, "id2label", "labels by class", *names);
  std::vector<std::optional<std::string>> labels(names->size());
  for (const auto& [key, value] : names->items()) {
    const std::optional<std::int64_t> id = whole_number(key);
    const std::optional<std::string> label = label_of(value);
    const bool good = id && *id >= 0 && static_cast<std::size_t>(*id) < labels.size() && label;
    if (!good || labels[static_cast<std::size_t>(*id)]) {
      refuse(where, "id2label", "a label for each class from 0 to " + std::to_string(labels.size() - 1),
             Json{{key, value}});
    }
    labels[static_cast<std::size_t>(*id)] = label;
  }
  for (std::optional<std::string>& label : labels) config.labels.push_back(*std::move(label));
}

void read_ids(const Json& json, std::string_view text, const std::string& where, CheckpointConfig& config) {
  const auto ids = json.find("label2id");
  if (ids == json.end() || ids->is_null()) return;
  if (!ids->is_object() || ids->size() > kMaxLabels) refuse(where, "label2id", "classes by label", *ids);
  // The text was parsed within bounds before, so this second parse is bounded, too.
  const auto ordered = nlohmann::ordered_json::parse(text, nullptr, false);
  for (const auto& [label, value] : ordered.at("label2id").items()) {
    std::optional<std::int64_t> id;
    if (value.is_number_integer()) id = value.get<std::int64_t>();
    if (value.is_string()) id = whole_number(value.get<std::string>());
    if (!id) refuse(where, "label2id", "a class for each label", Json(value));
    config.label_ids.emplace_back(label, *id);
  }
}

}  // namespace

void read_labels(const Json& json, std::string_view text, const std::string& where, CheckpointConfig& config) {
  read_names(json, where, config);
  read_ids(json, text, where, config);
  if (!config.labels.empty()) config.num_labels = config.labels.size();
  if (const auto count = json.find("num_labels"); count != json.end() && !count->is_null()) {
    if (!count->is_number_unsigned() || count->get<std::uint64_t>() > kMaxLabels) {
      refuse(where, "num_labels", "a number of classes", *count);
    }
    config.num_labels = count->get<std::size_t>();
    // Names of another number of classes are another model's: transformers drops them.
    if (config.labels.size() != config.num_labels) {
      config.labels.clear();
      config.label_ids.clear();
    }
  }
  if (const auto type = json.find("problem_type"); type != json.end() && !type->is_null()) {
    config.problem_type = type->is_string() ? type->get<std::string>() : "";
    if (config.problem_type != "regression" && config.problem_type != "single_label_classification" &&
        config.problem_type != "multi_label_classification") {
      refuse(where, "problem_type", "regression, single_label_classification or multi_label_classification", *type);
    }
  }
  // The older key counts where the newer one is not there; a null is there.
  const Json* activation = nullptr;
  if (const auto own = json.find("sentence_transformers"); own != json.end() && own->is_object()) {
    if (const auto name = own->find("activation_fn"); name != own->end()) activation = &*name;
  }
  if (const auto name = json.find("sbert_ce_default_activation_function");
      activation == nullptr && name != json.end()) {
    activation = &*name;
  }
  if (activation != nullptr && activation->is_string())
    config.cross_encoder_activation = activation->get<std::string>();
}

}  // namespace bertrt::family
