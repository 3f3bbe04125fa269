#include "session/checkpoint_session.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "archive/guard.h"
#include "bertrt/error.h"
#include "engine/factory.h"
#include "family/checkpoint.h"
#include "family/checkpoint_folder.h"
#include "family/sentence_modules.h"
#include "session/decision.h"
#include "session/load_timer.h"
#include "session/tokenizer_choice.h"
#include "session/trim_heap.h"
#include "session/warm_up.h"

namespace bertrt::session {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhy =
    "a checkpoint folder: every setting of its config.json and every weight of its encoder is one that is known; no "
    "trace "
    "stands beside it to be compared with";

void check_folder_options(const SessionOptions& options) {
  check_options(options);
  if (options.engine != EngineKind::automatic && options.engine != EngineKind::packed) {
    throw Error(ErrorCode::unsupported, "SessionOptions::engine", "automatic or packed for a checkpoint folder",
                std::string(to_string(options.engine)) + ", which runs traces");
  }
  if (!options.torchscript.input_names.empty()) {
    throw Error(ErrorCode::invalid_argument, "TorchScriptOptions::input_names",
                "none for a checkpoint folder, whose inputs have names",
                std::to_string(options.torchscript.input_names.size()));
  }
  if (options.torchscript.device != "cpu") {
    throw Error(ErrorCode::unsupported, "SessionOptions::torchscript.device", "\"cpu\" for a checkpoint folder",
                options.torchscript.device);
  }
}

family::Checkpoint read(const fs::path& path, bool thorough = false) {
  return archive::guard_memory(path.string(), [&] {
    std::error_code ignored;
    const bool is_folder = fs::is_directory(path, ignored);
    if (is_folder && family::begins_with_table(path)) {
      throw Error(
          ErrorCode::unsupported, path.string(), "a model with an encoder",
          "a table in the encoder's place, which is no session: Embedder::load and SparseEmbedder::load read it, "
          "and so does 'bertrt embed'");
    }
    const fs::path folder = is_folder ? family::transformer_folder(path) : path;
    if (!family::is_checkpoint(folder)) {
      family::refuse_adapter(folder);
      throw Error(ErrorCode::io, folder.string(), "a model file, or a folder with a config.json",
                  family::what_lacks_a_config(folder));
    }
    return family::read_checkpoint(folder, thorough, is_folder && family::is_cross_encoder(path));
  });
}

// The folder's own, where it has one.
std::optional<Tokenizer> tokenizer_of(const fs::path& folder, const SessionOptions& options) {
  if (!options.tokenizer.empty()) return Tokenizer::load(options.tokenizer);
  try {
    return Tokenizer::load(folder);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::file_not_found) return std::nullopt;
    throw;
  }
}

std::string task_of(const family::Checkpoint& checkpoint) {
  if (checkpoint.heads.empty()) return "encoder";
  return std::string(family::to_string(checkpoint.heads.front().kind));
}

// Hugging Face's names for classes that have none.
std::vector<std::string> labels_of(const family::Checkpoint& checkpoint) {
  std::vector<std::string> labels = checkpoint.config.labels;
  const auto needs = [](const family::CheckpointHead& head) {
    return head.kind == family::HeadKind::sequence_classification ||
           head.kind == family::HeadKind::token_classification;
  };
  const bool wanted = std::any_of(checkpoint.heads.begin(), checkpoint.heads.end(), needs);
  if (!wanted) return {};
  for (std::size_t i = labels.size(); i < checkpoint.config.num_labels; ++i)
    labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

SessionInfo info_of(const family::Checkpoint& checkpoint, const engine::EngineFacts& facts) {
  SessionInfo info;
  info.engine = EngineKind::packed;
  info.engine_why = kWhy;
  info.dtype = facts.dtype;
  info.architecture = checkpoint.config.model_type;
  info.task = task_of(checkpoint);
  info.labels = labels_of(checkpoint);
  info.inputs = facts.inputs;
  info.outputs = facts.outputs;
  info.max_length = facts.max_length;
  info.proven_min = facts.proven_min;
  info.proven_max = facts.proven_max;
  info.lengths_why = facts.lengths_why;
  info.kernels = facts.kernels;
  info.hidden_size = checkpoint.config.hidden;
  info.vocab_size = checkpoint.config.vocabulary;
  info.findings = facts.findings;
  return info;
}

// What made-up texts are of; ESM has no answer to a text of mask tokens alone.
std::int32_t plain_word(const family::Checkpoint& checkpoint) {
  const auto last = static_cast<std::int32_t>(checkpoint.config.vocabulary - 1);
  const auto& dropped = checkpoint.encoder.embeddings.dropped;
  return dropped && dropped->id == last && last > 0 ? last - 1 : last;
}

Encoding made_up_text(std::size_t length, std::int32_t word) {
  Encoding text;
  text.input_ids.assign(length, word);
  text.token_type_ids.assign(length, 0);
  text.attention_mask.assign(length, 1);
  return text;
}

TaskSettings settings_of(const fs::path& path, const family::Checkpoint& checkpoint) {
  TaskSettings settings;
  for (const family::CheckpointHead& head : checkpoint.heads) settings.heads.emplace_back(family::to_string(head.kind));
  settings.labels = labels_of(checkpoint);
  settings.label_ids = checkpoint.config.label_ids;
  settings.num_labels = checkpoint.config.num_labels;
  settings.problem_type = checkpoint.config.problem_type;
  settings.cross_encoder_activation = checkpoint.config.cross_encoder_activation;
  settings.position_embeddings = checkpoint.config.positions;
  // A folder may be given by its config.json.
  std::error_code ignored;
  settings.folder = fs::is_directory(path, ignored) ? path
                    : path.has_parent_path()        ? path.parent_path()
                                                    : fs::path(".");
  settings.beside = family::ModuleFolder(settings.folder);
  settings.sentence =
      archive::guard_memory(path.string(), [&] { return family::read_sentence_modules(settings.folder); });
  return settings;
}

std::string reference_of(const fs::path& folder) {
  const fs::path file = folder / kReferenceFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  const archive::FileBytes bytes = archive::FileBytes::read(file);
  return std::string(archive::as_text(bytes.span()));
}

std::size_t count_parameters(const family::Checkpoint& checkpoint) {
  std::size_t count = 0;
  std::set<std::pair<const void*, std::int64_t>> seen;
  const auto add = [&](const family::Weight& weight) {
    if (seen.emplace(weight.tensor.storage.data(), weight.tensor.storage_offset).second)
      count += weight.tensor.elements();
  };
  const auto add_dense = [&](const family::Dense& dense) {
    add(dense.weight);
    if (dense.bias) add(*dense.bias);
  };
  const auto add_norm = [&](const family::LayerNorm& norm) {
    add(norm.gamma);
    if (norm.beta) add(*norm.beta);
  };
  const family::EncoderSpec& encoder = checkpoint.encoder;
  add(encoder.embeddings.words);
  if (encoder.embeddings.positions) add(*encoder.embeddings.positions);
  if (encoder.embeddings.types) add(*encoder.embeddings.types);
  if (encoder.embeddings.norm) add_norm(*encoder.embeddings.norm);
  if (encoder.embeddings.projection) add_dense(*encoder.embeddings.projection);
  if (encoder.relative_bias) add(encoder.relative_bias->table);
  for (const family::LayerSpec& layer : encoder.layers) {
    for (const family::Dense* dense : {&layer.query, &layer.key, &layer.value, &layer.attention_out}) add_dense(*dense);
    if (layer.experts) {
      add_dense(layer.experts->router);
      add(layer.experts->bias);
      for (const family::ExpertSpec& expert : layer.experts->experts) {
        add_dense(expert.in);
        add_dense(expert.out);
      }
    } else {
      add_dense(layer.ffn_in);
      add_dense(layer.ffn_out);
    }
    if (layer.ffn_gate) add_dense(*layer.ffn_gate);
    for (const auto* norm : {&layer.attention_norm, &layer.second_norm, &layer.query_norm, &layer.key_norm,
                             &layer.attention_out_norm, &layer.ffn_out_norm}) {
      if (*norm) add_norm(**norm);
    }
    if (layer.distances) add(layer.distances->table);
    add_norm(layer.ffn_norm);
  }
  if (encoder.final_norm) add_norm(*encoder.final_norm);
  if (encoder.pooler) add_dense(*encoder.pooler);
  for (const family::CheckpointHead& head : checkpoint.heads) {
    if (head.spec.dense) add_dense(*head.spec.dense);
    if (head.spec.norm) add_norm(*head.spec.norm);
    add_dense(head.spec.output);
  }
  return count;
}

}  // namespace

bool is_checkpoint_path(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) || (path.filename() == "config.json" && family::is_checkpoint(path));
}

std::shared_ptr<const SessionImpl> load_checkpoint(const fs::path& path, const SessionOptions& options) {
  check_folder_options(options);
  LoadTimer timer;
  std::optional<family::Checkpoint> checkpoint = read(path);
  timer.stage("read the folder");
  std::optional<Tokenizer> tokenizer = tokenizer_of(checkpoint->folder, options);
  std::optional<std::string> more_tokens;
  if (tokenizer) {
    more_tokens = check_vocabulary(*tokenizer, checkpoint->config.vocabulary, checkpoint->folder.string());
  }
  timer.stage("tokenizer");

  std::unique_ptr<const engine::Engine> engine = engine::factory(EngineKind::packed).make_of(*checkpoint, options);
  timer.stage("make the engine");
  SessionInfo info = info_of(*checkpoint, engine->facts());
  if (tokenizer) Access::set_model_limit(*tokenizer, info.max_length);
  batch::BatchLimits limits;
  limits.vocab_size = checkpoint->config.vocabulary;
  limits.vocab_size_why = why_no_row(tokenizer, limits.vocab_size);
  limits.type_vocab_size = checkpoint->config.types;
  limits.max_length = engine->facts().max_length;
  limits.max_length_why = engine->facts().max_length_why;
  TaskSettings settings = settings_of(path, *checkpoint);
  settings.tokenizer = options.tokenizer.empty() ? checkpoint->folder : options.tokenizer;
  if (auto finding = longer_than_the_model(settings, info.max_length)) info.findings.push_back(std::move(*finding));
  if (more_tokens) info.findings.push_back(*std::move(more_tokens));
  std::string reference = reference_of(checkpoint->folder);
  const std::int32_t word = plain_word(*checkpoint);
  checkpoint.reset();
  trim_heap();
  timer.stage("let the file go");
  if (options.warmup) {
    warm_up(*engine, options, false, [&](std::size_t length) { return made_up_text(length, word); });
    timer.stage("warm-up");
  }
  info.load_stages = std::move(timer).take();
  return std::make_shared<const SessionImpl>(std::move(engine), std::move(tokenizer), std::move(info),
                                             std::move(limits), std::move(reference), std::move(settings));
}

ModelReport inspect_checkpoint(const fs::path& path, const SessionOptions& options) {
  check_folder_options(options);
  const family::Checkpoint checkpoint = read(path, true);
  const TaskSettings settings = settings_of(path, checkpoint);
  std::optional<std::string> more_tokens;
  if (const auto tokenizer = tokenizer_of(checkpoint.folder, options)) {
    more_tokens = check_vocabulary(*tokenizer, checkpoint.config.vocabulary, checkpoint.folder.string());
  }
  ModelReport report;
  report.format = "checkpoint folder";
  report.architecture = checkpoint.config.model_type;
  report.task = task_of(checkpoint);
  engine::EngineFacts facts = engine::factory(EngineKind::packed).facts_of(checkpoint);
  for (const std::string& name : facts.inputs) report.inputs.push_back({name, "int64", {}});
  report.outputs = std::move(facts.outputs);
  report.lengths.proven_max = facts.proven_max;
  report.lengths.why = "the packed engine computes every length up to " + facts.max_length_why;
  report.engine = EngineKind::packed;
  report.engine_why = kWhy;
  report.parameters = count_parameters(checkpoint);
  for (const std::string& finding : facts.findings) report.findings.push_back({"warning", "", finding});
  if (auto finding = longer_than_the_model(settings, facts.max_length)) {
    report.findings.push_back({"warning", "", std::move(*finding)});
  }
  if (more_tokens) report.findings.push_back({"warning", "", *std::move(more_tokens)});
  return report;
}

}  // namespace bertrt::session
