#include "session/proof.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "session/bounds.h"
#include "session/load_timer.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

using engine::Engine;
using model::ModelTraits;

constexpr std::string_view kSelfTest = "bertrt/selftest.json";
constexpr std::size_t kShort = 9;
constexpr std::size_t kUsual = 40;  // for a trace that does not say its length
constexpr std::uint32_t kFirstOrdinaryId = 5;
constexpr std::uint32_t kFallbackVocabulary = 30;

bool gives(const Engine& engine, std::string_view output) {
  const auto& outputs = engine.facts().outputs;
  return std::find(outputs.begin(), outputs.end(), output) != outputs.end();
}

void add_matrix(const std::optional<Matrix>& expected, const std::optional<Matrix>& found, Difference& difference) {
  if (!expected || !found || expected->cols != found->cols || expected->rows != found->rows) return;
  for (std::size_t i = 0; i < expected->rows; ++i) difference.add(expected->row(i), found->row(i));
}

void add_tokens(const TokenRows& expected, const TokenRows& found, Difference& difference) {
  for (std::size_t text = 0; text < expected.batch_size(); ++text) {
    for (std::size_t token = 0; token < expected.sequence(text); ++token) {
      difference.add(expected.row(text, token), found.row(text, token));
    }
  }
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

std::optional<std::string> differs_from_self_test(const Engine& packed, const model::ModelFile& file, DType dtype,
                                                  const ModelTraits& traits) {
  if (file.manifest()) {
    for (const auto& [name, method] : file.manifest()->methods) {
      for (const std::string& output : method.outputs) {
        if (!gives(packed, output)) return "it does not give " + output;
      }
    }
  }
  const auto cases = parse_self_test(*file.extra(kSelfTest), file.name());
  batch::BatchLimits limits;
  limits.vocab_size = traits.vocab_size;
  limits.max_length = packed.facts().max_length;
  const SelfTestResult result =
      run_self_test(cases, file.name(), [&](const Encoding& encoding, const RunRequest& request) {
        return run_checked(packed, limits, {&encoding, 1}, request);
      });
  if (result.within(proof_bounds(dtype))) return std::nullopt;
  return "its self-test shows " + result.hidden.text() + " in hidden states and " + result.logits.text() + " in logits";
}

TraceProof::TraceProof(const engine::EngineSource& source) {
  const ModelTraits& traits = source.traits;
  // The traced shape alone: what the trace does at other lengths says nothing about the packed engine.
  SessionOptions traced_shape = source.options;
  traced_shape.prove = false;
  traced_shape.warmup = false;
  const auto reference = engine::factory(EngineKind::torchscript).make({source.file, traced_shape, traits});
  const engine::EngineFacts& facts = reference->facts();
  outputs_ = facts.outputs;
  stages_ = facts.load_stages;
  LoadTimer timer;

  const bool padded = facts.proven_max == 0;  // what is shorter than the traced length is padded to it
  const bool takes_mask = std::find(facts.inputs.begin(), facts.inputs.end(), "attention_mask") != facts.inputs.end();
  const std::size_t usual = traits.traced_length != 0 ? traits.traced_length : kUsual;
  const std::size_t full = padded ? facts.max_length : std::clamp<std::size_t>(usual, 1, facts.max_length);
  texts_.push_back(made_up_text(full, 1, traits));
  // Without a mask the padding would count.
  if ((takes_mask || !padded) && full > kShort) texts_.push_back(made_up_text(kShort, 2, traits));
  expected_ = run_checked(*reference, {}, texts_, {.all_encoder_layers = false});
  timer.stage("run the trace");
  const auto own = std::move(timer).take();
  stages_.insert(stages_.end(), own.begin(), own.end());
}

std::optional<std::string> TraceProof::objection(const Engine& packed, DType dtype) const {
  for (const std::string& output : outputs_) {
    if (!gives(packed, output)) return "it does not give " + output;
  }
  const EncoderOutput found = run_checked(packed, {}, texts_, {.all_encoder_layers = false});
  Difference hidden;
  Difference logits;
  if (!expected_.all_encoder_layers.empty())
    add_tokens(expected_.last_hidden_state(), found.last_hidden_state(), hidden);
  add_matrix(expected_.pooled_output, found.pooled_output, hidden);
  add_matrix(expected_.logits, found.logits, logits);
  if (expected_.start_logits && found.start_logits) add_tokens(*expected_.start_logits, *found.start_logits, logits);
  if (expected_.end_logits && found.end_logits) add_tokens(*expected_.end_logits, *found.end_logits, logits);
  const Bounds bounds = proof_bounds(dtype);
  if (!hidden.within(bounds.hidden, bounds.relative)) return "against the trace " + hidden.text() + " in hidden states";
  if (!logits.within(bounds.logits, bounds.relative)) return "against the trace " + logits.text() + " in logits";
  return std::nullopt;
}

}  // namespace bertrt::session
