#include "family/position_config.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "family/config.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;

// Code that a family's maker publishes and that is known here: where it lies on the hub, and what its classes are
// called there and in copies beside the weights.
struct PublishedCode {
  EncoderLayout layout;
  std::string_view what;
  std::span<const std::string_view> repositories;
  std::span<const std::string_view> models;  ///< beginnings of a class's name
  std::span<const std::string_view> configs;
};

constexpr std::string_view kJinas[] = {"jinaai/jina-bert-implementation--", "jinaai/jina-bert-v2-qk-post-norm--"};
constexpr std::string_view kJinaModels[] = {"modeling_bert.JinaBert"};
constexpr std::string_view kJinaConfigs[] = {"configuration_bert.JinaBertConfig"};
constexpr std::string_view kNomics[] = {"nomic-ai/nomic-bert-2048--"};
constexpr std::string_view kNomicModels[] = {"modeling_hf_nomic_bert.NomicBert"};
constexpr std::string_view kNomicConfigs[] = {"configuration_hf_nomic_bert.NomicBertConfig"};
constexpr std::string_view kGtes[] = {"Alibaba-NLP/new-impl--"};
constexpr std::string_view kGteModels[] = {"modeling.New", "modeling_hf_alibaba_nlp_gte.Gte"};
constexpr std::string_view kGteConfigs[] = {"configuration.NewConfig", "configuration_hf_alibaba_nlp_gte.GteConfig"};

constexpr PublishedCode kPublished[] = {
    {EncoderLayout::jina, "Jina's published JinaBERT", kJinas, kJinaModels, kJinaConfigs},
    {EncoderLayout::nomic, "Nomic's published NomicBERT", kNomics, kNomicModels, kNomicConfigs},
    {EncoderLayout::gte, "Alibaba's published GTE", kGtes, kGteModels, kGteConfigs},
};

bool is_of(const PublishedCode& code, const Json& name) {
  if (!name.is_string()) return false;
  std::string_view text = name.get_ref<const std::string&>();
  for (const std::string_view repository : code.repositories) {
    if (text.starts_with(repository)) text.remove_prefix(repository.size());
  }
  const auto begins = [&](std::string_view start) { return text.starts_with(start); };
  return std::any_of(code.models.begin(), code.models.end(), begins) ||
         std::find(code.configs.begin(), code.configs.end(), text) != code.configs.end();
}

void read_jina(ConfigKeys& keys, CheckpointConfig& config) {
  const std::string type = keys.text({"feed_forward_type"}, "original");
  if (type != "geglu" && type != "reglu") keys.refuse("feed_forward_type", "\"geglu\" or \"reglu\"", type);
  config.layer_activation = type == "geglu" ? Activation::gelu_erf : Activation::relu;
  const Json* pooler = keys.take("emb_pooler");
  if (pooler != nullptr && !pooler->is_null() && *pooler != "mean") keys.refuse("emb_pooler", "\"mean\"", *pooler);
}

}  // namespace

void read_positions(ConfigKeys& keys, CheckpointConfig& config) {
  constexpr std::string_view kKey = "position_embedding_type";
  config.layer_activation = config.activation;
  if (config.family->layout == EncoderLayout::jina) {
    keys.take(kKey);
    config.position_kind = PositionKind::alibi;
    return read_jina(keys, config);
  }
  if (config.esm) {
    const std::string type = keys.text({kKey}, "absolute");
    if (type != "absolute" && type != "rotary") keys.refuse(kKey, "\"absolute\" or \"rotary\"", type);
    config.layer_activation = Activation::gelu_erf;
    return;
  }
  // Its published code has a kind with a table of positions, too, which is not read.
  if (config.family->layout == EncoderLayout::gte) return keys.must_be(kKey, "rope", "rotary positions");
  if (config.family->layout == EncoderLayout::modernbert) {
    const Json* type = keys.take(kKey);
    if (type != nullptr && *type == "sans_pos") return;  // mmBERT's word for no table of positions, which no code reads
  }
  const bool plain = config.rotary || config.disentangled || encoder_names(config.family->layout).distances.empty();
  if (plain) return keys.must_be(kKey, "absolute", "what this family's code computes");
  const std::string type = keys.text({kKey}, "absolute");
  if (type == "absolute") return;
  if (type != "relative_key" && type != "relative_key_query") {
    keys.refuse(kKey, "\"absolute\", \"relative_key\" or \"relative_key_query\"", type);
  }
  config.position_kind = type == "relative_key" ? PositionKind::relative_key : PositionKind::relative_key_query;
  config.findings.push_back("position_embedding_type: " + type +
                            " is computed as transformers 4 does; transformers 5 adds the table of "
                            "absolute positions instead");
}

void read_esm(ConfigKeys& keys, CheckpointConfig& config) {
  EsmConfig& own = config.esm.emplace();
  keys.take("hidden_act");  // its code has a gelu of its own, whatever the file says
  if (keys.take("rope_theta") != nullptr) keys.number("rope_theta", 0, 1e30);  // of rotary positions alone
  keys.must_be("is_folding_model", false, "an encoder by itself");
  for (const std::string_view key : {"esmfold_config", "vocab_list"}) keys.take(key);  // of folding models
  const Json* norm = keys.take("emb_layer_norm_before");
  own.first_norm = norm != nullptr && !norm->is_null() && keys.flag("emb_layer_norm_before", false);
  if (!keys.flag("token_dropout", false)) return;
  const Json* id = keys.take("mask_token_id");
  if (id == nullptr || !id->is_number_unsigned() || id->get<std::uint64_t>() >= config.vocabulary) {
    keys.refuse("mask_token_id", "a number below the vocabulary's, which token_dropout asks for",
                id == nullptr ? Json() : *id);
  }
  own.dropped_token = id->get<std::int64_t>();
}

void read_code(ConfigKeys& keys, CheckpointConfig& config) {
  const Json* code = keys.take("auto_map");
  if (code == nullptr || !code->is_object()) return;
  if (config.family->layout == EncoderLayout::eurobert) {
    // The family's own checkpoints are older than transformers' class of that name, which Python takes for them.
    config.findings.emplace_back("auto_map: read as transformers' own eurobert, not as code of the repository");
    return;
  }
  const auto* published = std::find_if(std::begin(kPublished), std::end(kPublished),
                                       [&](const PublishedCode& one) { return one.layout == config.family->layout; });
  const bool has = published != std::end(kPublished);
  for (const auto& [name, value] : code->items()) {
    if (!name.starts_with("AutoModel") && name != "AutoConfig") continue;
    if (has && is_of(*published, value)) continue;
    keys.refuse("auto_map", "a model of transformers' own code: what code of the repository computes cannot be told",
                value);
  }
  if (!has) return;
  config.findings.push_back("auto_map: read as " + std::string(published->what) + ", not as code of the repository");
}

}  // namespace bertrt::family
