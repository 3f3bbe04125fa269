#include "family/multi_vector_settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/tensor_files.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {
namespace {

constexpr std::size_t kUsualQuery = 32;  // tokens of ColBERT's queries where nothing is said

std::vector<std::string> punctuation() {
  std::vector<std::string> words;
  for (char c = '!'; c <= '~'; ++c) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!letter) words.emplace_back(1, c);
  }
  return words;
}

// The prefix of a role's texts, which PyLate kept apart from the prompts and put in front of them.
bool read_prefix(SettingsFile& settings, const char* key, const std::string& name, SentenceModules& model) {
  if (!settings.names(key)) return false;
  const std::string prefix = settings.text(key);
  model.markers.push_back(prefix);
  const auto known = std::find_if(model.prompts.begin(), model.prompts.end(),
                                  [&](const auto& prompt) { return prompt.first == name; });
  if (known == model.prompts.end()) {
    model.prompts.emplace_back(name, prefix);
  } else if (!known->second.starts_with(prefix)) {
    known->second.insert(0, prefix);
  }
  return true;
}

NormalizeModule unit_rows() { return {.on_tokens = true}; }

MultiVectorMaskModule mask_of(std::vector<std::string> skipped) {
  return {.skiplist_words = std::move(skipped), .skiplist_tasks = {"document"}, .keep_only_token_ids = std::nullopt};
}

bool is_colbert(const ModuleFolder& folder) {
  static constexpr const char* kFile = "config.json";
  if (folder.path() == nullptr || !folder.has(kFile)) return false;
  const std::vector<std::byte> bytes = folder.read(kFile);
  const nlohmann::json config = base::parse_json(archive::as_text(bytes), folder.where(kFile));
  const auto names = config.is_object() ? config.find("architectures") : config.end();
  return config.is_object() && names != config.end() && names->is_array() &&
         std::find(names->begin(), names->end(), "HF_ColBERT") != names->end();
}

// Held in memory of its own, so that the checkpoint's file can go.
DenseModule read_projection(const ModuleFolder& folder, std::shared_ptr<const void>& bytes) {
  const archive::TensorFiles files = archive::TensorFiles::read(*folder.path(), archive::Reading::when_wanted);
  const archive::TensorView* weight = files.find("linear.weight");
  if (weight == nullptr || weight->shape.size() != 2 || !archive::holds_reals(*weight)) {
    throw Error(ErrorCode::model_mismatch, files.where(), "linear.weight with 2 dimensions, HF_ColBERT's projection",
                weight == nullptr ? "none of that name" : "another");
  }
  auto values = std::make_shared<std::vector<float>>(archive::to_float32(*weight));
  DenseModule module;
  module.on_tokens = true;
  module.dense.weight.name = "linear.weight";
  archive::TensorView& view = module.dense.weight.tensor;
  view.type = archive::ElementType::float32;
  view.shape = weight->shape;
  view.strides = {weight->shape[1], 1};
  view.storage = std::as_bytes(std::span(*values));
  view.storage_key = "linear.weight";
  bytes = std::move(values);
  return module;
}

}  // namespace

void read_flat_settings(SettingsFile& settings, bool has_pylate_module, SentenceModules& model) {
  static constexpr std::array kMarks = {
      "query_length",  "document_length", "query_expansion",       "do_query_expansion",
      "query_prefix",  "document_prefix", "attend_to_mask_tokens", "attend_to_expansion_tokens",
      "skiplist_words"};
  const bool marked = std::any_of(kMarks.begin(), kMarks.end(), [&](const char* key) { return settings.names(key); });
  const bool pylate = model.model_type == "ColBERT";
  const bool converted = model.model_type.empty() || model.model_type == "SentenceTransformer";
  const bool multi_vector =
      pylate || model.model_type == "MultiVectorEncoder" || (converted && (marked || has_pylate_module));
  if (!multi_vector) return;
  bool has_prefix = read_prefix(settings, "query_prefix", "query", model);
  has_prefix = read_prefix(settings, "document_prefix", "document", model) || has_prefix;
  model.query_length = settings.size("query_length");
  model.document_length = settings.size("document_length");
  const bool expands = settings.flag("do_query_expansion", true);
  const bool attends = settings.flag("attend_to_mask_tokens", false);
  const bool attend =
      settings.names("attend_to_expansion_tokens") ? settings.flag("attend_to_expansion_tokens", false) : attends;
  if (marked && expands && !settings.names("query_expansion")) {
    const std::size_t length = std::exchange(model.query_length, std::nullopt).value_or(0);
    model.query_expansion =
        QueryExpansion{.length = length == 0 ? kUsualQuery : length, .cuts = true, .attend = attend, .token = {}};
  }
  std::optional<std::vector<std::string>> skipped;
  if (settings.take("skiplist_words") != nullptr) skipped = settings.texts("skiplist_words");
  if (model.model_type == "MultiVectorEncoder") return;
  model.unlisted_skiplist = skipped                  ? *std::move(skipped)
                            : (pylate || has_prefix) ? punctuation()
                                                     : std::vector<std::string>();
  model.model_type = "MultiVectorEncoder";
}

void add_unlisted_modules(SentenceModules& model) {
  std::vector<SentenceModule>& modules = model.modules;
  std::erase_if(modules, [](const SentenceModule& one) {
    const auto* norm = std::get_if<NormalizeModule>(&one);
    return std::holds_alternative<PoolingModule>(one) || (norm != nullptr && !norm->on_tokens);
  });
  bool projects = false;
  for (SentenceModule& one : modules) {
    auto* dense = std::get_if<DenseModule>(&one);
    if (dense == nullptr) continue;
    dense->on_tokens = true;
    projects = true;
  }
  if (!projects) {
    throw Error(ErrorCode::unsupported, "modules.json", "a Dense, which a multi-vector model's rows go through",
                "none");
  }
  modules.emplace_back(mask_of(*model.unlisted_skiplist));
  modules.emplace_back(unit_rows());
}

std::optional<SentenceModules> read_stanford_colbert(const ModuleFolder& folder) {
  if (!is_colbert(folder)) return std::nullopt;
  static constexpr const char* kFile = "artifact.metadata";
  // A record of the training; what else it holds changes nothing.
  nlohmann::json metadata = nlohmann::json::object();
  if (folder.has(kFile)) {
    const std::vector<std::byte> bytes = folder.read(kFile);
    metadata = base::parse_json(archive::as_text(bytes), folder.where(kFile));
  }
  const auto refuse = [&](const char* key, std::string expected) {
    throw Error(ErrorCode::unsupported, folder.where(kFile) + ": " + key, std::move(expected),
                base::printable(metadata.is_object() ? metadata[key].dump(-1, ' ', true) : "no object"));
  };
  if (!metadata.is_object()) refuse("its content", "settings by names");
  const auto text = [&](const char* key, const char* usual) {
    if (!metadata.contains(key) || metadata[key].is_null()) return std::string(usual);
    if (!metadata[key].is_string()) refuse(key, "a text");
    const auto value = metadata[key].get<std::string>();
    return value.empty() ? std::string(usual) : value;
  };
  const auto size = [&](const char* key) -> std::optional<std::size_t> {
    if (!metadata.contains(key) || metadata[key].is_null()) return std::nullopt;
    if (!metadata[key].is_number_unsigned() || metadata[key].get<std::uint64_t>() > std::uint64_t{1} << 31U) {
      refuse(key, "a whole number from 0 on");
    }
    return metadata[key].get<std::size_t>();
  };
  const auto flag = [&](const char* key, bool usual) {
    if (!metadata.contains(key)) return usual;
    if (!metadata[key].is_boolean() && !metadata[key].is_null()) refuse(key, "true or false");
    return metadata[key].is_boolean() && metadata[key].get<bool>();
  };
  SentenceModules model;
  model.model_type = "MultiVectorEncoder";
  model.prompts = {{"query", text("query_token_id", "[unused0]") + ' '},
                   {"document", text("doc_token_id", "[unused1]") + ' '}};
  for (const auto& [name, prompt] : model.prompts) model.markers.push_back(prompt);
  model.document_length = size("doc_maxlen");
  const std::size_t length = size("query_maxlen").value_or(0);
  model.query_expansion = QueryExpansion{.length = length == 0 ? kUsualQuery : length,
                                         .cuts = true,
                                         .attend = flag("attend_to_mask_tokens", false),
                                         .token = {}};
  model.modules.emplace_back(TransformerModule{});
  model.modules.emplace_back(read_projection(folder, model.bytes));
  model.modules.emplace_back(mask_of(flag("mask_punctuation", true) ? punctuation() : std::vector<std::string>()));
  model.modules.emplace_back(unit_rows());
  return model;
}

}  // namespace bertrt::family
