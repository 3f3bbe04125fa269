#include "session/loader.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/guard.h"
#include "model/architecture.h"
#include "model/traits.h"
#include "session/decision.h"
#include "session/engine_choice.h"
#include "session/tokenizer_choice.h"
#include "session/trace_of.h"

namespace bertrt::session {
namespace {

using model::ModelTraits;

// The traced method's inputs, for an engine that has no trace to ask.
std::vector<std::string> input_names(const model::ModelFile& file, const ModelTraits& traits,
                                     const engine::EngineFacts& facts) {
  if (!facts.inputs.empty()) return facts.inputs;
  if (!traits.inputs.empty()) return traits.inputs;
  std::vector<std::string> names;
  if (const model::Method* forward = file.find_method("forward")) {
    for (const model::InputSpec& input : forward->inputs) names.push_back(input.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A trace of a model with token types that takes none: the classic trap, or a choice that pairs suffer from.
std::optional<std::string> missing_types(const std::vector<std::string>& inputs, const ModelTraits& traits) {
  if (traits.type_vocab_size < 2 || contains(inputs, "token_type_ids")) return std::nullopt;
  std::string finding =
      "the trace takes no token_type_ids, though the model has token types: both texts of a pair count as the first";
  if (contains(inputs, "attention_mask")) {
    finding +=
        ". Where the exporting code passed segments as its second argument, as old tutorials do, the trace took them "
        "for the attention mask; here it is given a real one";
  }
  return finding;
}

SessionInfo make_info(const model::ModelFile& file, const ModelTraits& traits, const EngineChoice& choice) {
  const engine::EngineFacts& facts = choice.engine->facts();
  SessionInfo info;
  info.engine = choice.kind;
  info.engine_why = choice.why;
  info.dtype = facts.dtype;
  info.architecture = model::guess_architecture(file);
  if (file.manifest()) {
    info.task = file.manifest()->task;
    info.labels = file.manifest()->labels;
  }
  info.inputs = input_names(file, traits, facts);
  info.outputs = facts.outputs;
  info.traced_batch = traits.traced_batch;
  info.traced_length = traits.traced_length;
  info.max_length = facts.max_length;
  info.proven_min = facts.proven_min;
  info.proven_max = facts.proven_max;
  info.lengths_why = facts.lengths_why;
  info.kernels = facts.kernels;
  info.hidden_size = traits.hidden_size;
  info.vocab_size = traits.vocab_size;
  info.findings = facts.findings;
  info.not_explained = facts.not_explained;
  if (auto finding = missing_types(info.inputs, traits)) info.findings.push_back(std::move(*finding));
  for (const model::Finding& finding : file.findings()) {
    if (finding.severity == model::Finding::Severity::note) continue;
    // What libtorch must not be given says nothing against an engine that reads the file as data.
    const bool of_libtorch =
        finding.severity == model::Finding::Severity::refuse && choice.kind != EngineKind::torchscript;
    info.findings.push_back((of_libtorch ? "libtorch would not be given it: " : "") + finding.where + ": " +
                            finding.message);
  }
  return info;
}

// Where a bundle keeps the files that its checkpoint had around the encoder, among its extra entries.
constexpr std::string_view kBundleModules = "bertrt/modules/";

std::optional<family::SentenceModules> sentence_of(const model::ModelFile& file) {
  family::ModuleFolder::Entries entries;
  for (const std::string& name : file.extra_names()) {
    if (!name.starts_with(kBundleModules)) continue;
    const std::string_view entry = file.extra(name).value();
    entries.emplace(name.substr(kBundleModules.size()), std::as_bytes(std::span(entry)));
  }
  if (entries.empty()) return std::nullopt;
  return archive::guard_memory(file.name(), [&] {
    return family::read_sentence_modules({file.name() + ": " + std::string(kBundleModules), std::move(entries)});
  });
}

// bge-m3's further heads. The file is let go after loading: their bytes are kept apart.
std::optional<family::ModuleFolder> linears_of(const model::ModelFile& file, std::shared_ptr<const void>& bytes) {
  auto kept = std::make_shared<std::map<std::string, std::string>>();
  family::ModuleFolder::Entries entries;
  for (const char* name : {"sparse_linear.pt", "colbert_linear.pt"}) {
    const auto entry = file.extra(std::string(kBundleModules) + name);
    if (!entry) continue;
    const std::string& copy = kept->emplace(name, *entry).first->second;
    entries.emplace(name, std::as_bytes(std::span(copy)));
  }
  if (entries.empty()) return std::nullopt;
  bytes = std::move(kept);
  return family::ModuleFolder(file.name() + ": " + std::string(kBundleModules), std::move(entries));
}

TaskSettings settings_of(const model::ModelFile& file) {
  TaskSettings settings;
  const std::optional<model::Manifest>& manifest = file.manifest();
  if (!manifest) return settings;
  settings.sentence = sentence_of(file);
  settings.beside = linears_of(file, settings.bytes);
  if (const std::string_view head = model::head_of(manifest->task); head != "encoder")
    settings.heads.emplace_back(head);
  settings.labels = manifest->labels;
  settings.num_labels = manifest->labels.size();
  settings.label_ids = manifest->label_ids;
  // Bundles of older exporters have labels alone.
  const std::size_t unordered = settings.label_ids.empty() ? manifest->labels.size() : 0;
  for (std::size_t i = 0; i < unordered; ++i) {
    settings.label_ids.emplace_back(manifest->labels[i], static_cast<std::int64_t>(i));
  }
  settings.cross_encoder_activation = manifest->activation;
  settings.problem_type = manifest->problem_type;
  settings.position_embeddings = manifest->config.max_position_embeddings;
  return settings;
}

// A label for each number of the head that they name.
void check_labels(const TaskSettings& settings, const SessionInfo& info, const std::string& where) {
  if (settings.labels.empty()) return;
  for (const OutputInfo& output : info.outputs) {
    if (output.role != OutputRole::text_logits && output.role != OutputRole::token_logits) continue;
    const std::int64_t classes = output.shape.empty() ? -1 : output.shape.back();
    if (classes < 0 || static_cast<std::size_t>(classes) == settings.labels.size()) continue;
    throw Error(ErrorCode::model_mismatch, where + ", manifest.json, labels",
                std::to_string(classes) + ", one for each of " + output.name, std::to_string(settings.labels.size()));
  }
}

// What the graph shows wins over what names suggest.
ModelTraits traits_of(const model::ModelFile& file, const family::Trace& trace,
                      std::optional<std::int64_t> pad_token_id) {
  ModelTraits traits = model::read_traits(file, pad_token_id);
  if (trace.program == nullptr) return traits;
  if (trace.vocab_size != 0) traits.vocab_size = trace.vocab_size;
  if (trace.type_vocab_size != 0) traits.type_vocab_size = trace.type_vocab_size;
  if (trace.reading.recognition) traits.hidden_size = trace.reading.recognition->spec.hidden;
  for (const graph::ProgramInput& input : trace.program->inputs) traits.inputs.push_back(input.name);
  traits.outputs = trace.outputs;
  // Where a caller brings none, they are counted as the table's own padding row says, not as its size lets one guess.
  traits.first_position = trace.position_padding < 0 ? 0 : trace.position_padding + 1;
  const family::Lengths& lengths = *trace.lengths;
  if (lengths.longest() != 0) traits.max_length = lengths.longest();
  if (lengths.only() == 0) {
    traits.shortest_alone = std::max<std::size_t>(lengths.shortest(), 1);
    traits.longest_alone = lengths.longest();
    traits.alone_why = lengths.why();
  }
  return traits;
}

batch::BatchLimits make_limits(const ModelTraits& traits, const engine::EngineFacts& facts,
                               const family::Trace& trace) {
  batch::BatchLimits limits;
  limits.vocab_size = traits.vocab_size;
  limits.type_vocab_size = traits.type_vocab_size;
  limits.max_length = facts.max_length;
  limits.max_length_why = facts.max_length_why;
  if (limits.max_length_why.empty() && trace.lengths != nullptr && trace.lengths->only() == limits.max_length)
    limits.max_length_why = trace.lengths->why();
  return limits;
}

}  // namespace

OpenedFile open_timed(const std::filesystem::path& path) {
  LoadTimer timer;
  auto file = model::ModelFile::open(path);
  timer.stage("read the file");
  return {std::move(file), std::move(timer)};
}

OpenedFile view_timed(std::span<const std::byte> bytes, std::string_view name) {
  LoadTimer timer;
  auto file = model::ModelFile::view(bytes, std::string(name));
  timer.stage("read the file");
  return {std::move(file), std::move(timer)};
}

std::shared_ptr<const SessionImpl> load_session(OpenedFile opened, const std::optional<std::filesystem::path>& folder,
                                                const SessionOptions& options) {
  const model::ModelFile& file = *opened.file;
  LoadTimer& timer = opened.timer;
  std::optional<Tokenizer> tokenizer = choose_tokenizer(file, folder, options);
  timer.stage("tokenizer");

  std::optional<std::int64_t> pad_token_id;
  if (tokenizer && tokenizer->special_tokens().pad >= 0) pad_token_id = tokenizer->special_tokens().pad;
  const std::shared_ptr<const family::Trace> trace = trace_of(opened.file, options);
  timer.stage("read the trace");
  ModelTraits traits = traits_of(file, *trace, pad_token_id);
  // One that was added without a row is nothing to pad with.
  if (traits.vocab_size != 0 && traits.pad_token_id >= static_cast<std::int64_t>(traits.vocab_size)) {
    traits = traits_of(file, *trace, std::nullopt);
  }
  std::optional<std::string> more_tokens;
  if (tokenizer) more_tokens = check_vocabulary(*tokenizer, traits.vocab_size, file.name());

  const Decision decision = decide(file, *trace, options);
  EngineChoice choice =
      choose_engine({opened.file, trace, options, traits}, decision, tokenizer ? &*tokenizer : nullptr, timer);
  SessionInfo info = make_info(file, traits, choice);
  info.findings.insert(info.findings.begin(), decision.findings.begin(), decision.findings.end());
  if (choice.kind != EngineKind::packed && info.not_explained.empty()) info.not_explained = decision.not_explained;
  if (tokenizer) Access::set_model_limit(*tokenizer, info.max_length);
  batch::BatchLimits limits = make_limits(traits, choice.engine->facts(), *trace);
  limits.vocab_size_why = why_no_row(tokenizer, limits.vocab_size);
  std::string self_test(file.extra("bertrt/selftest.json").value_or(std::string_view()));
  TaskSettings settings = settings_of(file);
  check_labels(settings, info, file.name());
  if (auto finding = longer_than_the_model(settings, info.max_length)) info.findings.push_back(std::move(*finding));
  if (more_tokens) info.findings.push_back(*std::move(more_tokens));
  opened.file.reset();
  timer.stage("let the file go");
  info.load_stages = std::move(timer).take();
  return std::make_shared<const SessionImpl>(std::move(choice.engine), std::move(tokenizer), std::move(info),
                                             std::move(limits), std::move(self_test), std::move(settings));
}

}  // namespace bertrt::session
