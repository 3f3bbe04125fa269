#include "session/proof.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "engine/torchscript/torchscript_engine.h"
#include "session/bounds.h"
#include "session/load_timer.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

using engine::Engine;
using engine::torchscript::ModelTraits;

constexpr std::string_view kSelfTest = "bertrt/selftest.json";
constexpr std::size_t kShort = 9;
constexpr std::size_t kUsual = 40;  // for a trace that does not say its length
constexpr std::uint32_t kFirstOrdinaryId = 5;
constexpr std::uint32_t kFallbackVocabulary = 30;

bool gives(const Engine& engine, OutputRole role) {
  const auto& outputs = engine.facts().outputs;
  return std::any_of(outputs.begin(), outputs.end(), [&](const OutputInfo& info) { return info.role == role; });
}

// A bundle's name for an output.
bool gives(const Engine& engine, std::string_view output) {
  if (output == "all_encoder_layers") return gives(engine, OutputRole::hidden_state);
  if (output == "logits") return gives(engine, OutputRole::token_logits) || gives(engine, OutputRole::text_logits);
  const auto role = parse<OutputRole>(output);
  return role && gives(engine, *role);
}

// Everything of an output in one form. Token rows are [tokens, width], or [tokens] where a width of 1 may stand for it.
std::vector<ModelOutput> in_one_form(const EncoderOutput& output) {
  std::vector<ModelOutput> all = output.more;
  const auto add_rows = [&](const TokenRows& rows, OutputRole role, bool flat) {
    ModelOutput& added = all.emplace_back();
    added.role = role;
    for (std::size_t text = 0; text < rows.batch_size(); ++text) {
      const auto data = rows.text(text);
      added.texts.push_back({{rows.sequence(text)}, {data.begin(), data.end()}});
      if (!flat) added.texts.back().shape.push_back(rows.width());
    }
  };
  const auto add_matrix = [&](const Matrix& matrix, OutputRole role) {
    ModelOutput& added = all.emplace_back();
    added.role = role;
    for (std::size_t text = 0; text < matrix.rows; ++text) {
      const auto row = matrix.row(text);
      added.texts.push_back({{matrix.cols}, {row.begin(), row.end()}});
    }
  };
  for (const TokenRows& layer : output.all_encoder_layers) add_rows(layer, OutputRole::hidden_state, false);
  if (output.pooled_output) add_matrix(*output.pooled_output, OutputRole::pooled_output);
  if (output.token_logits) add_rows(*output.token_logits, OutputRole::token_logits, false);
  if (output.text_logits) add_matrix(*output.text_logits, OutputRole::text_logits);
  if (output.start_logits) add_rows(*output.start_logits, OutputRole::start_logits, true);
  if (output.end_logits) add_rows(*output.end_logits, OutputRole::end_logits, true);
  return all;
}

// Nothing where the two could not be compared.
std::optional<Difference> difference(const ModelOutput& expected, const ModelOutput& found) {
  Difference difference;
  if (expected.texts.size() != found.texts.size()) return std::nullopt;
  for (std::size_t text = 0; text < expected.texts.size(); ++text) {
    const TextTensor& a = expected.texts[text];
    const TextTensor& b = found.texts[text];
    if (a.shape != b.shape || a.data.empty()) return std::nullopt;
    const std::size_t width = a.shape.empty() ? 1 : a.shape.back();
    for (std::size_t i = 0; i < a.data.size(); i += width) {
      difference.add(std::span(a.data).subspan(i, width), std::span(b.data).subspan(i, width));
    }
  }
  return difference;
}

}  // namespace

Encoding made_up_text(std::size_t tokens, std::uint32_t seed, const ModelTraits& traits) {
  const auto vocabulary =
      traits.vocab_size > kFirstOrdinaryId ? static_cast<std::uint32_t>(traits.vocab_size) : kFallbackVocabulary;
  Encoding encoding;
  std::uint32_t state = seed;
  for (std::size_t i = 0; i < tokens; ++i) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
    encoding.input_ids.push_back(
        static_cast<std::int32_t>(kFirstOrdinaryId + (state >> 8U) % (vocabulary - kFirstOrdinaryId)));
    encoding.token_type_ids.push_back(traits.type_vocab_size > 1 && i * 2 >= tokens ? 1 : 0);
  }
  return encoding;
}

bool has_self_test(const model::ModelFile& file) { return file.extra(kSelfTest).has_value(); }

std::optional<std::string> differs_from_self_test(const Engine& engine, const model::ModelFile& file,
                                                  const ModelTraits& traits) {
  if (file.manifest()) {
    for (const auto& [name, method] : file.manifest()->methods) {
      for (const std::string& output : method.outputs) {
        if (!gives(engine, std::string_view(output))) return "it does not give " + output;
      }
    }
  }
  const auto cases = parse_self_test(*file.extra(kSelfTest), file.name());
  batch::BatchLimits limits;
  limits.vocab_size = traits.vocab_size;
  limits.max_length = engine.facts().max_length;
  const SelfTestResult result =
      run_self_test(cases, file.name(), [&](const Encoding& encoding, const RunRequest& request) {
        return run_checked(engine, limits, std::span(&encoding, 1), request);
      });
  if (result.within(proof_bounds(engine.facts().dtype))) return std::nullopt;
  return "its self-test shows " + result.hidden.text() + " in hidden states" +
         (result.has_logits ? " and " + result.logits.text() + " in logits" : "");
}

TraceProof::TraceProof(const model::ModelFile& file, const SessionOptions& options, const ModelTraits& traits) {
  // The traced shape alone: what the trace does at other lengths says nothing about the packed engine.
  SessionOptions traced_shape = options;
  traced_shape.prove = false;
  traced_shape.warmup = false;
  const auto reference = engine::make_torchscript_engine(file, traced_shape, traits);
  const engine::EngineFacts& facts = reference->facts();
  stages_ = facts.load_stages;
  LoadTimer timer;

  const bool padded = facts.proven_max == 0;  // what is shorter than the traced length is padded to it
  const bool takes_mask = std::find(facts.inputs.begin(), facts.inputs.end(), "attention_mask") != facts.inputs.end();
  const std::size_t usual = traits.traced_length != 0 ? traits.traced_length : kUsual;
  const std::size_t full = padded ? facts.max_length : std::clamp<std::size_t>(usual, 1, facts.max_length);
  texts_.push_back(made_up_text(full, 1, traits));
  // Without a mask the padding would count.
  if ((takes_mask || !padded) && full > kShort) texts_.push_back(made_up_text(kShort, 2, traits));
  expected_ = run_checked(*reference, {}, texts_, RunRequest::everything());
  timer.stage("run the trace");
  const auto own = std::move(timer).take();
  stages_.insert(stages_.end(), own.begin(), own.end());
}

std::optional<std::string> TraceProof::objection(const Engine& packed) const {
  const std::vector<ModelOutput> found = in_one_form(run_checked(packed, {}, texts_, RunRequest::everything()));
  const Bounds bounds = proof_bounds(packed.facts().dtype);
  for (const ModelOutput& expected : in_one_form(expected_)) {
    std::optional<Difference> nearest;
    bool equal = false;
    for (const ModelOutput& candidate : found) {
      const auto gap = difference(expected, candidate);
      if (!gap) continue;
      const bool layer = candidate.role == OutputRole::hidden_state || candidate.role == OutputRole::pooled_output;
      equal = equal || gap->within(layer ? bounds.hidden : bounds.logits, bounds.relative);
      if (!nearest || gap->max() < nearest->max()) nearest = gap;
    }
    const std::string name = expected.name.empty() ? std::string(to_string(expected.role)) : "output " + expected.name;
    if (!nearest) return "it does not give the trace's " + name;
    if (!equal) return "against the trace " + nearest->text() + " in its " + name;
  }
  return std::nullopt;
}

}  // namespace bertrt::session
