#include "family/sentence_modules.h"

#include <algorithm>
#include <array>

#include "archive/byte_reader.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/module_files.h"
#include "family/multi_vector_settings.h"
#include "family/router_modules.h"
#include "family/sentence_settings.h"

namespace bertrt::family {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// What the modules' weights point into.
using Store = std::vector<std::shared_ptr<const void>>;

constexpr std::size_t kMaxModules = 64;
constexpr const char* kList = "modules.json";

struct ModeRow {
  PoolingMode mode;
  std::string_view name;
  std::string_view old_key;
};

// In the order in which the old settings count.
constexpr std::array<ModeRow, 6> kModes = {{
    {PoolingMode::cls, "cls", "pooling_mode_cls_token"},
    {PoolingMode::max, "max", "pooling_mode_max_tokens"},
    {PoolingMode::mean, "mean", "pooling_mode_mean_tokens"},
    {PoolingMode::mean_sqrt_len_tokens, "mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"},
    {PoolingMode::weightedmean, "weightedmean", "pooling_mode_weightedmean_tokens"},
    {PoolingMode::lasttoken, "lasttoken", "pooling_mode_lasttoken"},
}};

// Of a module that is nothing without them: where the file is missing, the download was not whole.
SettingsFile required_settings(const ModuleFolder& folder) {
  SettingsFile settings(folder, "config.json");
  if (!settings.is_there()) {
    throw Error(ErrorCode::invalid_format, folder.where("config.json"), "the module's settings", "no such file");
  }
  return settings;
}

PoolingModule read_pooling(const ModuleFolder& folder) {
  SettingsFile settings = required_settings(folder);
  PoolingModule pooling;
  const bool is_null = settings.names("include_prompt") && settings.take("include_prompt") == nullptr;
  pooling.include_prompt = settings.flag("include_prompt", !is_null);  // null is as good as false, as in Python
  for (const std::string& name : settings.texts("pooling_mode")) {
    const auto* row = std::find_if(kModes.begin(), kModes.end(), [&](const ModeRow& one) { return one.name == name; });
    if (row == kModes.end()) {
      settings.refuse("pooling_mode", "cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken",
                      base::printable(name));
    }
    pooling.modes.push_back(row->mode);
  }
  const bool named = settings.take("pooling_mode") != nullptr;
  if (named && pooling.modes.empty()) settings.refuse("pooling_mode", "one mode or several", "none");
  for (const ModeRow& row : kModes) {
    if (settings.flag(row.old_key, false) && !named) pooling.modes.push_back(row.mode);
  }
  if (pooling.modes.empty()) pooling.modes.push_back(PoolingMode::mean);
  settings.ignore({"word_embedding_dimension", "embedding_dimension"});
  settings.refuse_the_rest();
  return pooling;
}

// Where a module reads and writes: the token rows or the pooled vector.
bool on_tokens(SettingsFile& settings, bool otherwise) {
  const std::string_view usual = otherwise ? "token_embeddings" : "sentence_embedding";
  const std::string input = settings.text("module_input_name", usual);
  const std::string output = settings.text("module_output_name", input);
  if (input != output || (input != "token_embeddings" && input != "sentence_embedding")) {
    settings.refuse("module_input_name", "token_embeddings or sentence_embedding, and the same as module_output_name",
                    base::printable(input) + " and " + base::printable(output));
  }
  return input == "token_embeddings";
}

DenseModule read_dense(const ModuleFolder& folder, bool tokens, Store& store) {
  SettingsFile settings = required_settings(folder);
  DenseModule module;
  module.on_tokens = on_tokens(settings, tokens);
  const std::string activation = settings.text("activation_function", "torch.nn.modules.activation.Tanh");
  const std::string name = last_part(activation);
  if (name != "Identity") module.activation = torch_function(name);
  if (!activation.starts_with("torch.nn.") || (name != "Identity" && module.activation == nullptr)) {
    settings.refuse("activation_function", "one of torch.nn's " + torch_function_names(), base::printable(activation));
  }
  module.residual = settings.flag("use_residual", false);
  const std::optional<std::size_t> in = settings.size("in_features");
  const std::optional<std::size_t> out = settings.size("out_features");
  const bool bias = settings.flag("bias", true);
  settings.refuse_the_rest();

  ModuleWeights weights(folder);
  module.dense.weight = weights.require("linear.weight", 2);
  if (bias) module.dense.bias = weights.require("linear.bias", 1);
  if (module.residual && module.dense.in() != module.dense.out()) {
    module.residual_weight = weights.require("residual.weight", 2);
  }
  weights.refuse_the_rest();
  if ((in && *in != module.dense.in()) || (out && *out != module.dense.out())) {
    const auto says = [](const std::optional<std::size_t>& size) { return size ? std::to_string(*size) : "any"; };
    throw Error(ErrorCode::model_mismatch, folder.where(""),
                "a weight of out_features x in_features (" + says(out) + " x " + says(in) + ")",
                std::to_string(module.dense.out()) + " x " + std::to_string(module.dense.in()));
  }
  if (module.residual_weight && module.residual_weight->tensor.shape != module.dense.weight.tensor.shape) {
    const std::vector<std::int64_t>& shape = module.residual_weight->tensor.shape;
    throw Error(ErrorCode::model_mismatch, folder.where(""),
                "a residual.weight of linear.weight's shape (" + std::to_string(module.dense.out()) + " x " +
                    std::to_string(module.dense.in()) + ")",
                std::to_string(shape[0]) + " x " + std::to_string(shape[1]));
  }
  store.push_back(std::move(weights).take());
  return module;
}

LayerNormModule read_layer_norm(const ModuleFolder& folder, Store& store) {
  SettingsFile settings = required_settings(folder);
  settings.ignore({"dimension"});
  settings.refuse_the_rest();
  ModuleWeights weights(folder);
  LayerNormModule module;
  module.norm = {weights.require("norm.weight", 1), weights.require("norm.bias", 1), 1e-5F};
  weights.refuse_the_rest();
  store.push_back(std::move(weights).take());
  return module;
}

WeightedLayersModule read_weighted_layers(const ModuleFolder& folder, Store& store) {
  SettingsFile settings = required_settings(folder);
  WeightedLayersModule module;
  module.layer_start = settings.size("layer_start").value_or(4);
  settings.ignore({"word_embedding_dimension", "embedding_dimension", "num_hidden_layers"});
  settings.refuse_the_rest();
  ModuleWeights weights(folder);
  module.weights = weights.require("layer_weights", 1);
  weights.refuse_the_rest();
  store.push_back(std::move(weights).take());
  return module;
}

SpladePoolingModule read_splade(const ModuleFolder& folder) {
  SettingsFile settings(folder, "config.json");
  SpladePoolingModule module;
  const std::string strategy = settings.text("pooling_strategy", "max");
  const std::string activation = settings.text("activation_function", "relu");
  if (strategy != "max" && strategy != "sum")
    settings.refuse("pooling_strategy", "max or sum", base::printable(strategy));
  if (activation != "relu" && activation != "log1p_relu") {
    settings.refuse("activation_function", "relu or log1p_relu", base::printable(activation));
  }
  module.sum = strategy == "sum";
  module.double_log = activation == "log1p_relu";
  settings.ignore({"word_embedding_dimension", "embedding_dimension", "chunk_size"});
  settings.refuse_the_rest();
  return module;
}

MultiVectorMaskModule read_mask(const ModuleFolder& folder) {
  SettingsFile settings(folder, "config.json");
  MultiVectorMaskModule module;
  module.skiplist_words = settings.texts("skiplist_words");
  module.skiplist_tasks = {"document"};
  if (settings.take("skiplist_tasks") != nullptr) module.skiplist_tasks = settings.texts("skiplist_tasks");
  if (const Json* ids = settings.take("keep_only_token_ids")) {
    module.keep_only_token_ids.emplace();
    for (const Json& id : ids->is_array() ? *ids : Json::array({*ids})) {
      if (!id.is_number_integer()) settings.refuse("keep_only_token_ids", "ids", "something else");
      module.keep_only_token_ids->push_back(id.get<std::int64_t>());
    }
  }
  settings.refuse_the_rest();
  return module;
}

bool is_pylate(std::string_view type) { return type.starts_with("pylate.models."); }

class ModuleReader {
 public:
  /// @param multi_vector  then a dense layer that does not say what it reads reads token rows
  ModuleReader(const ModuleFolder& folder, bool multi_vector, Store& store)
      : folder_(folder), multi_vector_(multi_vector), store_(store) {}

  void add(const std::string& type, const std::string& path, std::vector<SentenceModule>& modules) {
    const ModuleFolder own = folder_ / path;
    const std::string name = last_part(type);
    const bool ours = type.starts_with("sentence_transformers.") || is_pylate(type);
    if (!ours) refuse(type);
    if (name == "Transformer" || name == "MLMTransformer") {
      modules.emplace_back(TransformerModule{path, name == "MLMTransformer", false});
    } else if (name == "Pooling") {
      modules.emplace_back(read_pooling(own));
    } else if (name == "Dense") {
      modules.emplace_back(read_dense(own, multi_vector_, store_));
    } else if (name == "Normalize") {
      SettingsFile settings(own, "config.json");
      modules.emplace_back(NormalizeModule{on_tokens(settings, false)});
      settings.refuse_the_rest();
    } else if (name == "LayerNorm") {
      modules.emplace_back(read_layer_norm(own, store_));
    } else if (name == "WeightedLayerPooling") {
      modules.emplace_back(read_weighted_layers(own, store_));
    } else if (name == "SpladePooling") {
      modules.emplace_back(read_splade(own));
    } else if (name == "MultiVectorMask") {
      modules.emplace_back(read_mask(own));
    } else if (name == "StaticEmbedding" || name == "SparseStaticEmbedding") {
      add_table(name, path, modules);
    } else if (name != "Dropout") {
      refuse(type);
    }
  }

 private:
  void add_table(const std::string& name, const std::string& path, std::vector<SentenceModule>& modules) {
    SettingsFile settings = name == "StaticEmbedding" ? SettingsFile() : SettingsFile(folder_ / path, "config.json");
    if (const Json* file = settings.take("path")) {
      settings.refuse("path", "weights in model.safetensors", base::printable(file->dump(-1, ' ', true)));
    }
    settings.ignore({"frozen"});
    settings.refuse_the_rest();
    ModuleWeights weights(folder_ / path);
    if (name == "StaticEmbedding") {
      modules.emplace_back(read_static(path, weights));
    } else {
      modules.emplace_back(SparseStaticEmbeddingModule{path, weights.require("weight", 1)});
    }
    weights.refuse_the_rest();
    store_.push_back(std::move(weights).take());
  }

  // As sentence-transformers writes it, or model2vec.
  static StaticEmbeddingModule read_static(const std::string& path, ModuleWeights& weights) {
    StaticEmbeddingModule module;
    module.path = path;
    if (weights.find("embedding.weight")) {
      module.table = weights.require("embedding.weight", 2);
      return module;
    }
    module.table = weights.require("embeddings", 2);
    if (weights.find("mapping")) module.mapping = weights.require("mapping", 1);
    if (weights.find("weights")) module.weights = weights.require("weights", 1);
    return module;
  }

  [[noreturn]] void refuse(const std::string& type) const {
    throw Error(
        ErrorCode::unsupported, folder_.where(kList),
        "sentence_transformers' Transformer, Pooling, Dense, Normalize, LayerNorm, Dropout, WeightedLayerPooling, "
        "SpladePooling, MultiVectorMask, StaticEmbedding or SparseStaticEmbedding",
        base::printable(type));
  }

  const ModuleFolder& folder_;
  bool multi_vector_;
  Store& store_;
};

/// What modules.json lists, a Router as the modules of its default route.
struct ModuleList {
  std::vector<ListedModule> modules;
  std::optional<ListedModule> query;  ///< another way for queries
};

// Its own modules stand where the Router stood.
void take_routes(const ModuleFolder& folder, ModuleList& list) {
  const auto router = std::find_if(list.modules.begin(), list.modules.end(),
                                   [](const ListedModule& one) { return last_part(one.type) == "Router"; });
  if (router == list.modules.end()) return;
  if (list.modules.size() != 1 || !router->path.empty()) {
    throw Error(ErrorCode::unsupported, folder.where(kList), "a Router by itself, in the model's folder", "another");
  }
  Routes routes = read_routes(folder);
  list.modules = std::move(routes.document);
  list.query = std::move(routes.query);
}

// "1_Pooling" for "./1_Pooling/", as pathlib has it; "" for "." (model2vec's word for the model's own folder).
std::string path_of(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path == "." ? std::string() : path;
}

ModuleList read_list(const ModuleFolder& folder) {
  const std::string where = folder.where(kList);
  const std::vector<std::byte> bytes = folder.read(kList);
  const nlohmann::json list = base::parse_json(archive::as_text(bytes), where);
  if (!list.is_array() || list.empty() || list.size() > kMaxModules) {
    throw Error(ErrorCode::invalid_format, where, "a list of 1 to 64 modules", "something else");
  }
  ModuleList found;
  for (const auto& one : list) {
    const auto text = [&](const char* key) {
      return one.is_object() && one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : std::string();
    };
    const std::string path = path_of(text("path"));
    if (!one.is_object() || text("type").empty() || !plain_path(path)) {
      throw Error(ErrorCode::invalid_format, where, "modules with a type and a path in this folder",
                  base::printable(one.dump(-1, ' ', true)));
    }
    for (const auto& [key, value] : one.items()) {
      const bool known = key == "idx" || key == "name" || key == "path" || key == "type";
      if (!known && !(key == "kwargs" && value.empty())) {
        throw Error(ErrorCode::unsupported, where + ": " + base::printable(key), "idx, name, path and type of a module",
                    base::printable(value.dump(-1, ' ', true)));
      }
    }
    found.modules.push_back({text("type"), path});
  }
  take_routes(folder, found);
  return found;
}

}  // namespace

const TransformerModule* SentenceModules::transformer() const noexcept {
  for (const SentenceModule& module : modules) {
    if (const auto* found = std::get_if<TransformerModule>(&module)) return found;
  }
  return nullptr;
}

std::optional<SentenceModules> read_sentence_modules(const ModuleFolder& folder) {
  if (!folder.has(kList)) return read_stanford_colbert(folder);
  auto store = std::make_shared<Store>();
  SentenceModules model;
  const ModuleList list = read_list(folder);
  const bool pylate = std::any_of(list.modules.begin(), list.modules.end(),
                                  [](const ListedModule& one) { return is_pylate(one.type); });
  read_model_settings(folder, pylate, model);
  ModuleReader reader(folder, model.model_type == "MultiVectorEncoder", *store);
  for (const ListedModule& one : list.modules) reader.add(one.type, one.path, model.modules);
  if (list.query) {
    std::vector<SentenceModule> query;
    reader.add(list.query->type, list.query->path, query);
    model.query_table = std::get<SparseStaticEmbeddingModule>(std::move(query.front()));
  }
  if (model.unlisted_skiplist) add_unlisted_modules(model);
  const TransformerModule* transformer = model.transformer();
  const ModuleFolder encoder = folder / (transformer == nullptr ? std::string() : transformer->path);
  read_encoder_settings(encoder, model);
  if (!gives_all_layers(encoder)) {
    std::erase_if(model.modules,
                  [](const SentenceModule& one) { return std::holds_alternative<WeightedLayersModule>(one); });
  }
  model.bytes = std::move(store);
  return model;
}

bool begins_with_table(const ModuleFolder& folder) {
  return folder.has(kList) && last_part(read_list(folder).modules.front().type).ends_with("StaticEmbedding");
}

fs::path transformer_folder(const fs::path& folder) {
  const ModuleFolder files(folder);
  if (!files.has(kList)) return folder;
  for (const ListedModule& one : read_list(files).modules) {
    if (last_part(one.type).ends_with("Transformer")) return one.path.empty() ? folder : folder / one.path;
  }
  return folder;
}

bool is_cross_encoder(const fs::path& folder) {
  if (!ModuleFolder(folder).has(kList)) return false;
  SettingsFile model(folder, "config_sentence_transformers.json");
  if (model.text("model_type") != "CrossEncoder") return false;
  SettingsFile transformer(transformer_folder(folder), "sentence_bert_config.json");
  return transformer.text("transformer_task") == "sequence-classification";
}

}  // namespace bertrt::family
