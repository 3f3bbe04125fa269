#include "family/families.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {
namespace {

constexpr std::array<Family, 28> kFamilies = {{
    {.model_type = "albert",
     .prefix = "albert.",
     .layout = EncoderLayout::albert,
     .vocabulary = 30000,
     .hidden = 4096,
     .heads = 64,
     .intermediate = 16384,
     .embedding = 128,
     .activation = "gelu_new"},
    {.model_type = "bert", .prefix = "bert."},
    {.model_type = kJinaBert, .prefix = "bert.", .layout = EncoderLayout::jina},
    {.model_type = kJinaCodeBert, .prefix = "bert.", .layout = EncoderLayout::jina_code},
    {.model_type = "camembert", .prefix = "roberta.", .padding_id = 1, .counted_positions = true},
    {.model_type = "data2vec-text", .prefix = "data2vec_text.", .padding_id = 1, .counted_positions = true},
    {.model_type = "deberta",
     .prefix = "deberta.",
     .layout = EncoderLayout::deberta,
     .vocabulary = 50265,
     .type_rows = 0,
     .least_types = 0,
     .eps = 1e-7F},
    {.model_type = "deberta-v2",
     .prefix = "deberta.",
     .layout = EncoderLayout::deberta_v2,
     .vocabulary = 128100,
     .hidden = 1536,
     .layers = 24,
     .heads = 24,
     .intermediate = 6144,
     .type_rows = 0,
     .least_types = 0,
     .eps = 1e-7F},
    {.model_type = "distilbert",
     .prefix = "distilbert.",
     .layout = EncoderLayout::distilbert,
     .layers = 6,
     .types = false,
     .eps_key = ""},
    {.model_type = "electra", .prefix = "electra.", .hidden = 256, .heads = 4, .intermediate = 1024, .embedding = 128},
    {.model_type = "ernie", .prefix = "ernie."},
    {.model_type = "esm",
     .prefix = "esm.",
     .layout = EncoderLayout::esm,
     .vocabulary = 0,
     .padding_id = -1,
     .types = false,
     .counted_positions = true,
     .activation_key = {},
     .positions = 1026,
     .norm_first = true,
     .theta = 10000},
    {.model_type = "eurobert",
     .prefix = "model.",
     .layout = EncoderLayout::eurobert,
     .vocabulary = 128256,
     .activation = "silu",
     .types = false,
     .eps = 1e-5F,
     .eps_key = "rms_norm_eps",
     .positions = 8192,
     .norm_first = true,
     .centred = false,
     .theta = 10000,
     .tied = false},
    {.model_type = "gemma3_text",
     .prefix = "model.",
     .layout = EncoderLayout::gemma,
     .vocabulary = 262208,
     .hidden = 2304,
     .layers = 26,
     .heads = 8,
     .intermediate = 9216,
     .activation = "gelu_pytorch_tanh",
     .types = false,
     .eps = 1e-6F,
     .eps_key = "rms_norm_eps",
     .activation_key = "hidden_activation",
     .positions = 131072,
     .norm_first = true,
     .centred = false,
     .theta = 1000000},
    {.model_type = "gte",
     .prefix = "gte.",
     .old_prefix = "new.",
     .layout = EncoderLayout::gte,
     .vocabulary = 250048,
     .type_rows = 1,
     .least_types = 0,
     .positions = 8192,
     .theta = 160000},
    {.model_type = "jina_embeddings_v3",
     .prefix = "roberta.",
     .layout = EncoderLayout::jina_v3,
     .vocabulary = 250002,
     .hidden = 1024,
     .layers = 24,
     .heads = 16,
     .intermediate = 4096,
     .type_rows = 1,
     .eps = 1e-5F,
     .positions = 8194,
     .theta = 20000},
    {.model_type = "megatron-bert",
     .prefix = "bert.",
     .layout = EncoderLayout::megatron,
     .vocabulary = 29056,
     .hidden = 1024,
     .layers = 24,
     .heads = 16,
     .intermediate = 4096,
     .norm_first = true},
    {.model_type = "modernbert",
     .prefix = "model.",
     .layout = EncoderLayout::modernbert,
     .vocabulary = 50368,
     .layers = 22,
     .intermediate = 1152,
     .types = false,
     .eps = 1e-5F,
     .eps_key = "norm_eps",
     .activation_key = "hidden_activation",
     .positions = 8192,
     .norm_first = true,
     .theta = 160000},
    {.model_type = "mpnet",
     .prefix = "mpnet.",
     .layout = EncoderLayout::mpnet,
     .vocabulary = 30527,
     .padding_id = 1,
     .types = false,
     .counted_positions = true},
    {.model_type = "new",
     .prefix = "new.",
     .layout = EncoderLayout::gte,
     .vocabulary = 30528,
     .type_rows = 1,
     .least_types = 0,
     .positions = 2048,
     .theta = 10000},
    {.model_type = "nomic_bert",
     .prefix = "nomic_bert.",
     .old_prefix = "bert.",
     .layout = EncoderLayout::nomic,
     .vocabulary = 30528,
     .activation = "silu",
     .positions = 2048,
     .theta = 1000},
    {.model_type = "qwen3",
     .prefix = "model.",
     .old_prefix = "transformer.",  // of its class that answers questions
     .layout = EncoderLayout::qwen,
     .vocabulary = 151936,
     .hidden = 4096,
     .layers = 32,
     .heads = 32,
     .intermediate = 22016,
     .activation = "silu",
     .types = false,
     .eps = 1e-6F,
     .eps_key = "rms_norm_eps",
     .positions = 32768,
     .norm_first = true,
     .centred = false,
     .theta = 10000,
     .tied = false},
    {.model_type = "rembert",
     .prefix = "rembert.",
     .layout = EncoderLayout::rembert,
     .vocabulary = 250300,
     .hidden = 1152,
     .layers = 32,
     .heads = 18,
     .intermediate = 4608,
     .embedding = 256,
     .embedding_key = "input_embedding_size",
     .tied = false},
    {.model_type = "roberta", .prefix = "roberta.", .vocabulary = 50265, .padding_id = 1, .counted_positions = true},
    {.model_type = "roberta-prelayernorm",
     .prefix = "roberta_prelayernorm.",
     .layout = EncoderLayout::prelayernorm,
     .vocabulary = 50265,
     .padding_id = 1,
     .counted_positions = true,
     .norm_first = true},
    {.model_type = "roformer",
     .prefix = "roformer.",
     .layout = EncoderLayout::roformer,
     .vocabulary = 50000,
     .positions = 1536,
     .theta = 10000},
    {.model_type = "xlm-roberta", .prefix = "roberta.", .padding_id = 1, .counted_positions = true},
    {.model_type = "xlm-roberta-xl",
     .prefix = "roberta.",
     .layout = EncoderLayout::xlm_roberta_xl,
     .vocabulary = 250880,
     .hidden = 2560,
     .layers = 36,
     .heads = 32,
     .intermediate = 10240,
     .padding_id = 1,
     .type_rows = 1,
     .counted_positions = true,
     .eps = 1e-5F,
     .positions = 514,
     .norm_first = true},
}};

constexpr std::string_view kRotary = "its attention has rotary positions";
constexpr std::string_view kDecoder = "a decoder: each of its tokens sees those before it alone";
constexpr std::string_view kOther = "its layers are built otherwise; a trace of it may run";

constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kOthers = {{
    {"neobert", kRotary},
    {"llama", kDecoder},
    {"mistral", kDecoder},
    {"qwen2", kDecoder},
    {"gpt2", kDecoder},
    {"t5", kOther},
    {"mt5", kOther},
    {"jina_bert", kOther},
    {"mobilebert", kOther},
    {"convbert", kOther},
    {"squeezebert", kOther},
    {"ibert", kOther},
    {"longformer", kOther},
    {"big_bird", kOther},
    {"luke", kOther},
    {"fnet", kOther},
    {"layoutlm", kOther},
    {"xmod", kOther},
}};

}  // namespace

const Family* find_family(std::string_view model_type) noexcept {
  const auto* found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                   [&](const Family& family) { return family.model_type == model_type; });
  return found == kFamilies.end() ? nullptr : found;
}

bool of_our_own(std::string_view model_type) noexcept { return model_type == kJinaBert || model_type == kJinaCodeBert; }

std::string family_names() {
  std::string names;
  for (const Family& family : kFamilies) {
    if (of_our_own(family.model_type)) continue;
    names += (names.empty() ? "" : ", ") + std::string(family.model_type);
  }
  return names;
}

std::string_view why_not_known(std::string_view model_type) noexcept {
  const auto* found =
      std::find_if(kOthers.begin(), kOthers.end(), [&](const auto& row) { return row.first == model_type; });
  return found == kOthers.end() ? std::string_view() : found->second;
}

Activation activation_by_name(std::string_view name, const std::string& where) {
  if (name == "gelu" || name == "gelu_python") return Activation::gelu_erf;
  for (const std::string_view one :
       {"gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate"}) {
    if (name == one) return Activation::gelu_tanh;
  }
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "linear") return Activation::none;
  throw Error(ErrorCode::unsupported, where,
              "activation gelu, gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate, relu, tanh, "
              "silu or linear (a bundle of models/export.py may have others: the graph engine runs it)",
              name.empty() ? "none named" : base::printable(name));
}

}  // namespace bertrt::family
