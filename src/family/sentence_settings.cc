#include "family/sentence_settings.h"

#include <algorithm>
#include <array>

#include "archive/byte_reader.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/module_files.h"
#include "family/multi_vector_settings.h"

namespace bertrt::family {
namespace {

using Json = nlohmann::ordered_json;

std::string shown(const Json& value) { return base::printable(value.dump(-1, ' ', true)); }

void read_prompts(SettingsFile& settings, SentenceModules& model) {
  if (const Json* prompts = settings.take("prompts")) {
    if (!prompts->is_object()) settings.refuse("prompts", "texts by names", shown(*prompts));
    for (const auto& [name, text] : prompts->items()) {
      if (!text.is_string() && !text.is_null()) settings.refuse("prompts", "texts by names", shown(*prompts));
      model.prompts.emplace_back(name, text.is_null() ? "" : text.get<std::string>());
    }
  }
  if (const Json* name = settings.take("default_prompt_name")) {
    const auto is_default = [&](const auto& prompt) { return *name == prompt.first; };
    if (!name->is_string() || std::none_of(model.prompts.begin(), model.prompts.end(), is_default)) {
      settings.refuse("default_prompt_name", "the name of one of the prompts", shown(*name));
    }
    model.default_prompt_name = name->get<std::string>();
  }
}

void read_kind(SettingsFile& settings, SentenceModules& model) {
  static constexpr std::array<std::string_view, 6> kKinds = {
      "", "SentenceTransformer", "SparseEncoder", "CrossEncoder", "MultiVectorEncoder", "ColBERT"};
  model.model_type = settings.text("model_type");
  // A kind that is said and is none: Python passes the modules over and makes others.
  const bool is_none = settings.names("model_type") && model.model_type.empty();
  if (!is_none && std::find(kKinds.begin(), kKinds.end(), model.model_type) != kKinds.end()) return;
  settings.refuse("model_type", "SentenceTransformer, SparseEncoder, CrossEncoder, MultiVectorEncoder or ColBERT",
                  is_none ? "none" : base::printable(model.model_type));
}

// Whether an argument of the tokenizer's constructor says what its own file says, which it would stand in front of.
bool says_the_same(const ModuleFolder& folder, const std::string& name, const Json& argument) {
  static constexpr const char* kFile = "tokenizer_config.json";
  if (name != "do_lower_case" || !folder.has(kFile)) return false;
  const std::vector<std::byte> bytes = folder.read(kFile);
  const nlohmann::json config = base::parse_json(archive::as_text(bytes), folder.where(kFile));
  return config.is_object() && config.contains(name) && config[name] == nlohmann::json(argument);
}

// Arguments of Python's constructors. Those that change no number are let through.
void check_arguments(const ModuleFolder& folder, SettingsFile& settings, std::string_view key) {
  static constexpr std::array<std::string_view, 9> kHarmless = {
      "torch_dtype", "dtype",    "attn_implementation", "trust_remote_code", "use_safetensors", "low_cpu_mem_usage",
      "device_map",  "use_fast", "add_pooling_layer"};
  const Json* value = settings.take(key);
  if (value == nullptr) return;
  if (!value->is_object()) settings.refuse(key, "settings by names", shown(*value));
  const bool of_tokenizer = key.starts_with("tokenizer") || key.starts_with("processor");
  for (const auto& [name, argument] : value->items()) {
    if (std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end()) continue;
    if (of_tokenizer && says_the_same(folder, name, argument)) continue;
    settings.refuse(key, "no arguments that change what is computed", shown(Json{{name, argument}}));
  }
}

// Arguments of each call, by what they are for: only those that say nothing, and tensors of torch, as it has them.
void check_processing(SettingsFile& settings) {
  static constexpr std::array<std::string_view, 6> kParts = {"text",  "audio",  "image",
                                                             "video", "common", "chat_template"};
  static constexpr const char* kKey = "processing_kwargs";
  const Json* value = settings.take(kKey);
  if (value == nullptr) return;
  if (!value->is_object()) settings.refuse(kKey, "settings by names", shown(*value));
  for (const auto& [name, part] : value->items()) {
    const bool is_known = std::find(kParts.begin(), kParts.end(), name) != kParts.end();
    const bool is_usual = name == "common" && part == Json{{"return_tensors", "pt"}};
    if (is_known && (is_usual || (part.is_object() && part.empty()))) continue;
    settings.refuse(kKey, "no arguments that change what is computed", shown(Json{{name, part}}));
  }
}

// What the module reads of its encoder's outputs: only the one that goes with its task.
void check_modality(SettingsFile& settings, std::string_view task) {
  const bool hidden = task == "feature-extraction";
  const std::string_view output = hidden ? "last_hidden_state" : "logits";
  if (const Json* modality = settings.take("modality_config")) {
    if (modality->is_object() && modality->contains("message")) {
      settings.refuse(
          "modality_config", "text alone",
          "\"message\": sentence-transformers renders each text by the tokenizer's chat template, which is not "
          "done here");
    }
    const auto text = modality->is_object() ? modality->find("text") : modality->end();
    const Json wanted = {{"method", "forward"}, {"method_output_name", output}};
    if (!modality->is_object() || text == modality->end() || *text != wanted) {
      settings.refuse("modality_config",
                      "text by forward's " + std::string(output) + ", as \"" + std::string(task) + "\" has it",
                      shown(*modality));
    }
  }
  const std::string_view usual = task == "sequence-classification" ? "scores" : "token_embeddings";
  const std::string name = settings.text("module_output_name", usual);
  if (name != usual) settings.refuse("module_output_name", std::string(usual), base::printable(name));
}

void read_task(SettingsFile& settings, SentenceModules& model) {
  for (SentenceModule& module : model.modules) {
    auto* transformer = std::get_if<TransformerModule>(&module);
    if (transformer == nullptr) continue;
    const std::string task =
        settings.text("transformer_task", transformer->masked_lm ? "fill-mask" : "feature-extraction");
    if (task != "feature-extraction" && task != "fill-mask" && task != "sequence-classification") {
      settings.refuse("transformer_task", "feature-extraction, fill-mask or sequence-classification",
                      base::printable(task));
    }
    transformer->masked_lm = task == "fill-mask";
    transformer->classifier = task == "sequence-classification";
    check_modality(settings, task);
    return;
  }
}

void read_expansion(SettingsFile& settings, SentenceModules& model) {
  const Json* expansion = settings.take("query_expansion");
  if (settings.names("query_expansion")) model.query_expansion.reset();
  if (expansion == nullptr || *expansion == false) return;
  const auto refuse = [&] {
    settings.refuse("query_expansion", "strategy \"fixed\" or \"min\", a length, attend and a token",
                    shown(*expansion));
  };
  if (!expansion->is_object()) refuse();
  QueryExpansion query;
  bool named = false;
  for (const auto& [key, value] : expansion->items()) {
    if (key == "strategy" && (value == "fixed" || value == "min")) {
      named = true;
      query.cuts = value == "fixed";
    } else if (key == "length" && value.is_number_unsigned() && value > 0 && value <= std::uint64_t{1} << 31U) {
      query.length = value.get<std::size_t>();
    } else if (key == "attend" && value.is_boolean()) {
      query.attend = value.get<bool>();
    } else if (key == "token" && value.is_string()) {
      query.token = value.get<std::string>();
    } else if (key != "token" || !value.is_null()) {
      refuse();
    }
  }
  if (!named || query.length == 0) refuse();
  model.query_expansion = query;
}

// Python raises it for a model of any kind.
void check_query_length(SettingsFile& settings, const SentenceModules& model) {
  if (!model.query_expansion || !model.query_length || *model.query_length >= model.query_expansion->length) return;
  settings.refuse("query_length",
                  "at least " + std::to_string(model.query_expansion->length) + ", the length of query_expansion",
                  std::to_string(*model.query_length));
}

}  // namespace

void read_model_settings(const ModuleFolder& folder, bool has_pylate_module, SentenceModules& model) {
  SettingsFile settings(folder, "config_sentence_transformers.json");
  read_kind(settings, model);
  read_prompts(settings, model);
  model.similarity = settings.text("similarity_fn_name");
  model.truncate_dim = settings.size("truncate_dim");
  const bool is_dense = model.model_type.empty() || model.model_type == "SentenceTransformer";
  if (is_dense && model.truncate_dim == 0) {
    settings.refuse("truncate_dim", "a number of dimensions from 1 on, or null", "0, which leaves nothing of a vector");
  }
  model.max_active_dims = settings.size("max_active_dims");
  model.cross_encoder_activation = settings.text("activation_fn");
  read_flat_settings(settings, has_pylate_module, model);
  read_expansion(settings, model);
  settings.ignore({"__version__", "license", "language", "requirements", "keep_in_fp32_modules"});
  settings.refuse_the_rest();
}

void read_encoder_settings(const ModuleFolder& folder, SentenceModules& model) {
  static constexpr std::array kNames = {"sentence_bert_config.json",       "sentence_roberta_config.json",
                                        "sentence_distilbert_config.json", "sentence_camembert_config.json",
                                        "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
                                        "sentence_xlnet_config.json"};
  for (const char* name : kNames) {
    SettingsFile settings(folder, name);
    if (settings.is_empty()) continue;  // Python goes on to the next one, too
    read_task(settings, model);
    model.max_seq_length = settings.size("max_seq_length");
    model.do_lower_case = settings.flag("do_lower_case", false);
    if (const auto length = settings.size("query_length")) model.query_length = length;
    if (const auto length = settings.size("document_length")) model.document_length = length;
    read_expansion(settings, model);
    check_query_length(settings, model);
    for (const char* key : {"model_args", "tokenizer_args", "config_args", "model_kwargs", "tokenizer_kwargs",
                            "processor_kwargs", "config_kwargs"}) {
      check_arguments(folder, settings, key);
    }
    check_processing(settings);
    settings.ignore({"unpad_inputs", "backend"});  // Python goes by the caller's backend
    settings.refuse_the_rest();
    return;
  }
}

bool gives_all_layers(const ModuleFolder& folder) {
  static constexpr const char* kFile = "config.json";
  if (!folder.has(kFile)) return false;
  const std::vector<std::byte> bytes = folder.read(kFile);
  const nlohmann::json config = base::parse_json(archive::as_text(bytes), folder.where(kFile));
  return config.is_object() && config.contains("output_hidden_states") && config["output_hidden_states"] == true;
}

}  // namespace bertrt::family
