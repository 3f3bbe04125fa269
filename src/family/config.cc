#include "family/config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/config_labels.h"
#include "family/config_reader.h"
#include "family/nomic_config.h"
#include "family/position_config.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;
using Keys = ConfigKeys;

const Family& family_of(Keys& keys, const std::string& where, CheckpointConfig& config) {
  config.model_type = keys.text({"model_type"}, "");
  const Json* positions = keys.take("position_embedding_type");
  // JinaBERT calls itself bert; its name here is no model_type of a file.
  const bool jina = config.model_type == "bert" && positions != nullptr && *positions == "alibi";
  const Family* family = find_family(jina ? kJinaBert : std::string_view(config.model_type));
  if (of_our_own(config.model_type)) family = nullptr;
  if (family != nullptr) return *family;
  const std::string_view why = why_not_known(config.model_type);
  std::string found = config.model_type.empty() ? "none" : '"' + base::printable(config.model_type) + '"';
  if (!why.empty()) found += ", which is not read from a folder: " + std::string(why);
  throw Error(ErrorCode::unsupported, where + ": model_type", "one of " + family_names(), std::move(found));
}

void read_sizes(Keys& keys, const Family& family, CheckpointConfig& config) {
  const bool distil = family.layout == EncoderLayout::distilbert;
  const auto size = [&](std::string_view key, std::string_view other, std::size_t otherwise) {
    return distil ? keys.size({other, key}, otherwise) : keys.size({key}, otherwise);
  };
  config.vocabulary = keys.size({"vocab_size"}, family.vocabulary);
  if (config.vocabulary == 0)
    keys.refuse("vocab_size", "a number of words, which this family has no default of", Json());
  config.hidden = size("hidden_size", "dim", family.hidden);
  config.layers = size("num_hidden_layers", "n_layers", family.layers);
  config.heads = size("num_attention_heads", "n_heads", family.heads);
  config.intermediate =
      distil ? keys.size({"hidden_dim"}, family.intermediate) : keys.size({"intermediate_size"}, family.intermediate);
  config.positions = keys.size({"max_position_embeddings"}, family.positions);
  config.types = family.types ? keys.size({"type_vocab_size"}, family.type_rows, family.least_types) : 0;
  if (!family.types) keys.take("type_vocab_size");  // an older exporter's, which no code reads
  config.embedding = family.embedding == 0 ? config.hidden : keys.size({family.embedding_key}, family.embedding);
  config.stored_layers = config.layers;
  if (config.layers > kMaxLayers) keys.refuse("num_hidden_layers", "at most 4096", config.layers);
  if (config.hidden % config.heads != 0) {
    keys.refuse("num_attention_heads", "a number that divides the hidden size " + std::to_string(config.hidden),
                config.heads);
  }
}

// What only one family has.
void read_own(Keys& keys, const Family& family, CheckpointConfig& config) {
  if (family.layout == EncoderLayout::albert) {
    config.stored_layers = keys.size({"num_hidden_groups"}, 1);
    if (config.layers % config.stored_layers != 0) {
      keys.refuse("num_hidden_groups", "a number that divides the layers, " + std::to_string(config.layers),
                  config.stored_layers);
    }
    keys.must_be("inner_group_num", 1, "one layer a group");
  }
  if (family.layout == EncoderLayout::mpnet) {
    config.buckets = keys.size({"relative_attention_num_buckets"}, 32);
    if (config.buckets < 32) {
      keys.refuse("relative_attention_num_buckets", "at least 32, which is what the code counts in", config.buckets);
    }
  }
  if (family.layout == EncoderLayout::rembert) keys.size({"output_embedding_size"}, 1664);
  if (family.layout == EncoderLayout::roformer) {
    const Json* width = keys.take("embedding_size");
    if (width != nullptr && !width->is_null()) config.embedding = keys.size({"embedding_size"}, config.hidden);
    for (const std::string_view key : {"summary_type", "summary_use_proj", "summary_activation"}) keys.take(key);
    config.summary_first = false;  // of multiple choice, where its code reads the last token
  }
  if (family.model_type == "ernie") {
    config.task_types = keys.flag("use_task_id", false);
    keys.size({"task_type_vocab_size"}, 3);
  }
  if (family.model_type == "electra") {
    const std::string type = keys.text({"summary_type"}, "first");
    const std::string activation = keys.text({"summary_activation"}, "gelu");
    config.summary_first = keys.flag("summary_use_proj", true) && type == "first" && activation == "gelu";
  }
}

// "C2P | p2c" as DeBERTa's code takes it apart.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == '|') {
      names.emplace_back();
    } else if (c != ' ' && c != '\t' && c != '\n') {
      names.back().push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
  }
  return names;
}

// A list of names, or one text of them with "|" between; Python lowers the text alone.
std::vector<std::string> names_of(Keys& keys, std::string_view key) {
  std::vector<std::string> names;
  const Json* value = keys.take(key);
  if (value == nullptr || value->is_null()) return names;
  if (value->is_string()) return split_names(value->get<std::string>());
  if (!value->is_array()) keys.refuse(key, "a list of names", *value);
  for (const Json& name : *value) {
    if (!name.is_string()) keys.refuse(key, "a list of names", *value);
    names.push_back(name.get<std::string>());
  }
  return names;
}

// DeBERTa's; `second`: v2's and v3's, whose settings v1's code does not read.
void read_disentangled(Keys& keys, bool second, const std::string& where, CheckpointConfig& config) {
  DisentangledConfig& own = config.disentangled.emplace();
  const auto has = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  config.embedding = keys.size({"embedding_size"}, config.hidden);
  own.relative = keys.flag("relative_attention", false);
  own.max_distance = keys.size_or_none("max_relative_positions");
  if (own.max_distance == 0) own.max_distance = config.positions;
  const std::vector<std::string> types = names_of(keys, "pos_att_type");
  own.by_query = has(types, "c2p");
  own.by_key = has(types, "p2c");
  own.parts = 1 + (second ? std::size_t{own.by_query} + std::size_t{own.by_key} : types.size());
  own.input_positions = keys.flag("position_biased_input", true);
  own.pooler_activation = activation_by_name(keys.text({"pooler_hidden_act"}, "gelu"), where + ": pooler_hidden_act");
  own.old_decoder = keys.flag("legacy", true);
  keys.must_be("pooler_hidden_size", config.hidden, "the hidden size");
  for (const std::string_view key :
       {"pooler_dropout", "cls_dropout", "padding_idx", "summary_type", "summary_use_proj", "summary_activation"}) {
    keys.take(key);
  }
  if (!second) {
    for (const std::string_view key : {"position_buckets", "share_att_key", "norm_rel_ebd"}) keys.take(key);
    keys.must_be("talking_head", false, "heads that do not mix");
    return;
  }
  own.buckets = keys.size_or_none("position_buckets");
  own.shared_keys = keys.flag("share_att_key", false);
  own.norm_table = has(split_names(keys.text({"norm_rel_ebd"}, "none")), "layer_norm");
  own.convolution = keys.size_or_none("conv_kernel_size");
  own.convolution_groups = keys.size({"conv_groups"}, 1);
  own.convolution_activation = activation_by_name(keys.text({"conv_act"}, "tanh"), where + ": conv_act");
  keys.must_be("attention_head_size", config.hidden / config.heads, "the hidden size over the heads");
  if (own.convolution % 2 == 0 && own.convolution != 0) {
    keys.refuse("conv_kernel_size", "an odd number", own.convolution);
  }
  if (config.hidden % own.convolution_groups != 0) {
    keys.refuse("conv_groups", "a number that divides the hidden size", own.convolution_groups);
  }
}

void read_arithmetic(Keys& keys, const Family& family, const std::string& where, CheckpointConfig& config) {
  const bool distil = family.layout == EncoderLayout::distilbert;
  const std::string_view key = distil ? "activation" : family.activation_key;
  const std::string name = key.empty() ? std::string(family.activation) : keys.text({key}, family.activation);
  config.activation = activation_by_name(name, where + ": " + std::string(key));
  config.layer_norm_eps = family.eps;
  if (family.eps_key.empty()) {
    keys.take("layer_norm_eps");
  } else {
    config.layer_norm_eps = static_cast<float>(keys.number(family.eps_key, static_cast<double>(family.eps), 1));
  }
  config.padding_id = family.padding_id;
  // MPNet's code has 1 for its positions, whatever the file says.
  if (family.counted_positions && family.layout != EncoderLayout::mpnet) {
    const Json* id = keys.take("pad_token_id");
    if (id != nullptr) {
      if (!id->is_number_unsigned() || id->get<std::uint64_t>() >= config.vocabulary) {
        keys.refuse("pad_token_id", "a number below the vocabulary's " + std::to_string(config.vocabulary), *id);
      }
      config.padding_id = id->get<std::int64_t>();
    }
  }
  if (config.padding_id < 0) {
    if (!config.rotary) keys.refuse("pad_token_id", "a number, by which positions are counted", Json());
    config.padding_id = 0;  // rotary positions count every token
  }
  config.tied = keys.flag("tie_word_embeddings", family.tied) && family.layout != EncoderLayout::rembert;
}

void refuse_other_arithmetic(Keys& keys) {
  keys.must_be("is_decoder", false, "an encoder: every token sees every other");
  keys.must_be("add_cross_attention", false, "an encoder by itself");
  keys.must_be("is_encoder_decoder", false, "an encoder by itself");
  keys.must_be_empty("pruned_heads", "all heads of a layer");
  keys.must_be_empty("quantization_config", "weights as floating-point numbers");
  keys.must_be_empty("compression_config", "weights as floating-point numbers");
  keys.must_be_empty("per_layer_config", "layers that are all alike");
  keys.must_be_empty("adapters", "no adapters");
}

// As transformers' own classes read them.
void read_settings(Keys& keys, const Family& family, const std::string& where, CheckpointConfig& config) {
  read_sizes(keys, family, config);
  read_own(keys, family, config);
  const bool second = family.layout == EncoderLayout::deberta_v2;
  if (second || family.layout == EncoderLayout::deberta) read_disentangled(keys, second, where, config);
  if (family.layout == EncoderLayout::esm) read_esm(keys, config);
  const Json* positions = keys.take("position_embedding_type");
  const bool turns = !config.esm || (positions != nullptr && *positions == "rotary");
  if (family.theta != 0 && turns) read_rotary(keys, where, config);
  read_arithmetic(keys, family, where, config);
  read_positions(keys, config);
}

}  // namespace

CheckpointConfig read_config(std::string_view text, const std::string& where) {
  const Json json = base::parse_json(text, where);
  if (!json.is_object())
    throw Error(ErrorCode::invalid_format, where, "a config.json: settings by names", "something else");
  Keys keys(json, where);
  CheckpointConfig config;
  const Family& family = family_of(keys, where, config);
  config.family = &family;
  if (const Json* names = keys.take("architectures"); names != nullptr && !names->is_null()) {
    if (!names->is_array()) keys.refuse("architectures", "a list of names", *names);
    for (const Json& name : *names) {
      if (!name.is_string()) keys.refuse("architectures", "a list of names", *names);
      config.architectures.push_back(name.get<std::string>());
    }
  }
  if (family.layout == EncoderLayout::nomic && is_published_nomic(keys)) {
    read_published_nomic(keys, config);
  } else {
    read_settings(keys, family, where, config);
  }
  refuse_other_arithmetic(keys);
  read_code(keys, config);
  for (const std::string_view key : kLabelKeys) keys.take(key);
  if (keys.take("crf_state_dict") != nullptr) {
    config.findings.emplace_back(
        "crf_state_dict: T-NER's own code reads it; labels are those of the logits, as "
        "transformers has them");
  }
  read_labels(json, text, where, config);
  keys.refuse_the_rest();
  return config;
}

}  // namespace bertrt::family
