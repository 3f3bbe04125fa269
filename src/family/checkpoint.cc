#include "family/checkpoint.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "archive/tensor_files.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/checkpoint_folder.h"
#include "family/checkpoint_heads.h"
#include "family/deberta.h"
#include "family/named_encoder.h"
#include "family/named_weights.h"
#include "family/odd_weights.h"

namespace bertrt::family {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kJinaCodeOnly = "encoder.layer.0.mlp.up_gated_layer.weight";
constexpr std::string_view kTaskTypes = "embeddings.task_type_embeddings.weight";

// What the weights point into.
struct Store {
  archive::TensorFiles files;
  std::deque<std::vector<float>> made;  // weights that were put together of the file's
};

// Names as the code has them today. The first checkpoints say gamma and beta for a norm's weight and bias.
std::string modern_name(const std::string& name) {
  static constexpr std::pair<std::string_view, std::string_view> kOld[] = {{"LayerNorm.gamma", "LayerNorm.weight"},
                                                                           {"LayerNorm.beta", "LayerNorm.bias"}};
  for (const auto& [old, modern] : kOld) {
    if (name.ends_with(old)) return name.substr(0, name.size() - old.size()).append(modern);
  }
  return name;
}

NamedWeights named_weights(const archive::TensorFiles& files) {
  NamedWeights weights;
  weights.where = files.where();
  auto by_name = std::make_shared<std::map<std::string, Weight>>();
  for (const auto& [name, tensor] : files.tensors()) {
    const auto [place, is_new] = by_name->emplace(modern_name(name), Weight{base::printable(name), tensor});
    if (!is_new) {
      throw Error(ErrorCode::invalid_format, files.where(), "each weight once",
                  base::printable(place->first) + " under an old and a new name");
    }
    weights.names.push_back(place->first);
  }
  weights.find = [by_name = std::move(by_name)](const std::string& name) -> std::optional<Weight> {
    const auto found = by_name->find(name);
    if (found == by_name->end()) return std::nullopt;
    return found->second;
  };
  return weights;
}

// Where weights are tied, a file may have them under the decoder's name alone.
void add_tied_words(NamedWeights& weights, const CheckpointConfig& config) {
  const std::string prefix(config.family->prefix);
  const std::string bare = word_embeddings(config.family->layout);
  const std::string words = prefix + bare;
  if (!config.tied || weights.find(words) || weights.find(bare)) return;
  if (weights.find(std::string(config.family->old_prefix) + bare)) return;
  const std::optional<Weight> decoder =
      weights.find(std::string(masked_lm_names(config.model_type).decoder) + ".weight");
  if (!decoder) return;
  weights.find = [words, decoder, find = std::move(weights.find)](const std::string& name) {
    return name == words ? decoder : find(name);
  };
}

// The encoder's weights have the family's prefix, or none where the file is a bare encoder's.
std::string prefix_of(const NamedWeights& weights, const CheckpointConfig& config) {
  const std::string prefix(config.family->prefix);
  const std::string words = word_embeddings(config.family->layout);
  if (weights.find(prefix + words)) return prefix;
  if (weights.find(words)) return "";
  const std::string old(config.family->old_prefix);
  if (!old.empty() && weights.find(old + words)) return old;
  throw Error(ErrorCode::model_mismatch, weights.where, prefix + words + " or " + words, "neither");
}

// ERNIE's task embeddings: every token gets row 0, as every token gets a type's row, so one table can have both.
void add_task_types(WeightTaker& taker, EncoderSpec& encoder, std::deque<std::vector<float>>& made) {
  Weight& types = *encoder.embeddings.types;
  const Weight tasks = taker.require(kTaskTypes, 2);
  const auto width = static_cast<std::size_t>(types.tensor.shape[1]);
  if (tasks.tensor.shape[0] < 1 || tasks.tensor.shape[1] != types.tensor.shape[1]) {
    throw Error(ErrorCode::model_mismatch, tasks.name, "rows as wide as the types'", "others");
  }
  const std::vector<float> task = archive::to_float32(tasks.tensor);
  std::vector<float>& sum = made.emplace_back(archive::to_float32(types.tensor));
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += task[i % width];
  types.tensor.type = archive::ElementType::float32;
  types.tensor.storage = std::as_bytes(std::span(sum));
  types.tensor.unread = nullptr;
  types.tensor.storage_key += " with task 0";
}

// Buffers of old versions: counts of 0, 1, 2, … and zeros, which the code makes itself. And what DeBERTa-v3's
// pretraining kept beside its embeddings (what its second model's differ by from the first one's), which no code reads.
/// @param turns  the family has rotary positions
bool harmless_buffer(std::string_view name, bool turns) {
  // What tokens are turned by, in a family whose code turns none and makes no such buffer.
  if (!turns && name.ends_with("rotary_emb.inv_freq")) return true;
  return name.ends_with("embeddings.position_ids") || name.ends_with("embeddings.token_type_ids") ||
         name.ends_with("embeddings.word_embeddings._weight") ||
         name.ends_with("embeddings.position_embeddings._weight");
}

// Whether a weight outside of the encoder's prefix could be an encoder's all the same.
bool looks_like_encoder(std::string_view name) {
  static constexpr std::string_view kStarts[] = {
      "embeddings.",         "encoder.",   "transformer.",  "pooler.", "layers.", "model.",
      "embeddings_project.", "LayerNorm.", "embed_tokens.", "emb_ln.", "norm.",   "final_norm."};
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [&](std::string_view start) { return name.starts_with(start); });
}

// What may be the reason that nobody reads a weight which stands beside the encoder's: the head is not named. Empty
// where config.json names a class, or a finding says so already.
std::string unnamed_heads(const CheckpointConfig& config, const std::vector<std::string>& findings) {
  const bool said = std::any_of(findings.begin(), findings.end(),
                                [](const std::string& finding) { return finding.starts_with("architectures:"); });
  if (!config.architectures.empty() || said) return {};
  return "architectures: config.json names none; heads are those that the weights' names tell";
}

void refuse_unknown(const WeightTaker& taker, const std::string& prefix, const WeightTaker& top,
                    const std::string& where, const CheckpointConfig& config, std::vector<std::string>& findings) {
  std::string unnamed = unnamed_heads(config, findings);
  std::vector<std::string> unused;
  for (const std::string& name : top.left_over()) {
    if (harmless_buffer(name, config.rotary.has_value()) || taker.took(name)) continue;
    const bool below = !prefix.empty() && name.starts_with(prefix);
    if (below || looks_like_encoder(name)) {
      throw Error(ErrorCode::unsupported, where, "an encoder with no weights beside those of its family",
                  base::printable(name) + (below || unnamed.empty() ? "" : "; " + unnamed));
    }
    unused.push_back(name);
  }
  if (unused.empty()) return;
  if (!unnamed.empty()) findings.push_back(std::move(unnamed));
  std::string text = "weights that no head which is known reads: " + base::printable(unused.front());
  if (unused.size() > 1) text += " and " + std::to_string(unused.size() - 1) + " more";
  text += " (a bundle of the folder may: models/export.py)";
  findings.push_back(std::move(text));
}

void find_odd(const NamedWeights& weights, std::vector<std::string>& findings) {
  for (const std::string& name : weights.names) {
    const auto weight = weights.find(name);
    if (!weight) continue;
    if (std::string odd = odd_weights(base::printable(name), weight->tensor); !odd.empty()) {
      findings.push_back(std::move(odd));
    }
  }
}

void take_one_label(CheckpointConfig& config) {
  config.num_labels = 1;
  if (config.labels.size() == 1) return;
  config.labels.clear();
  config.label_ids.clear();
}

fs::path folder_of(const fs::path& path) {
  if (path.filename() == "config.json") return path.has_parent_path() ? path.parent_path() : fs::path(".");
  return path;
}

}  // namespace

bool is_checkpoint(const fs::path& path) {
  std::error_code ignored;
  return path.filename() == "config.json" ? fs::is_regular_file(path, ignored)
                                          : fs::is_regular_file(path / "config.json", ignored);
}

Checkpoint read_checkpoint(const fs::path& path, bool thorough, bool as_cross_encoder) {
  Checkpoint checkpoint;
  checkpoint.folder = folder_of(path);
  refuse_adapter(checkpoint.folder);
  const fs::path file = checkpoint.folder / "config.json";
  const archive::FileBytes text = archive::FileBytes::read(file);
  checkpoint.config = read_config(archive::as_text(text.span()), file.string());
  const CheckpointConfig& config = checkpoint.config;
  std::optional<HeadKind> told;
  if (as_cross_encoder) told = HeadKind::sequence_classification;
  if (told && !names_class_of(config, *told)) take_one_label(checkpoint.config);

  auto store =
      std::make_shared<Store>(Store{archive::TensorFiles::read(checkpoint.folder, archive::Reading::when_wanted), {}});
  NamedWeights weights = named_weights(store->files);
  add_tied_words(weights, config);
  const std::string prefix = prefix_of(weights, config);
  // Both of Jina's say the same of themselves.
  if (config.family->layout == EncoderLayout::jina && weights.find(prefix + std::string(kJinaCodeOnly))) {
    checkpoint.config.family = find_family(kJinaCodeBert);
  }
  WeightTaker taker(weights, prefix);
  checkpoint.findings = config.findings;
  checkpoint.encoder = config.disentangled ? deberta_encoder(taker, config, store->made)
                                           : named_encoder(taker, config, weights.where, store->made);
  if (config.task_types) {
    add_task_types(taker, checkpoint.encoder, store->made);
  } else if (config.model_type == "ernie") {
    taker.find(kTaskTypes);  // config.json says that they are not used
  }

  WeightTaker top(weights, "");
  checkpoint.heads = checkpoint_heads(top, config, checkpoint.encoder, checkpoint.findings, told);
  const std::vector<std::string>& classes = config.architectures;
  if (std::find(classes.begin(), classes.end(), "HF_ColBERT") != classes.end()) top.find("linear.weight");
  refuse_unknown(taker, prefix, top, weights.where, config, checkpoint.findings);
  if (thorough) find_odd(weights, checkpoint.findings);
  checkpoint.bytes = std::move(store);
  return checkpoint;
}

}  // namespace bertrt::family
