#include "session/proof.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "session/bounds.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

using engine::Engine;
using engine::torchscript::ModelTraits;

constexpr std::string_view kSelfTest = "bertrt/selftest.json";
constexpr std::size_t kShort = 9;
constexpr std::size_t kLonger = 40;  // longer than the trace's window of any family that has one in our tests
constexpr std::uint32_t kFirstOrdinaryId = 5;
constexpr std::uint32_t kFallbackVocabulary = 30;

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

std::optional<std::string> differs_from_reference(const Engine& packed, const Engine& reference, DType dtype,
                                                  const ModelTraits& traits) {
  for (const std::string& output : reference.facts().outputs) {
    if (!gives(packed, output)) return "it does not give " + output;
  }
  const std::size_t longest = reference.facts().max_length;
  std::vector<Encoding> texts;
  for (const std::size_t tokens : {kShort, traits.traced_length, std::max(kLonger, traits.traced_length + kShort)}) {
    const std::size_t fitting = std::clamp<std::size_t>(tokens, 1, longest == 0 ? tokens : longest);
    texts.push_back(made_up_text(fitting, static_cast<std::uint32_t>(texts.size() + 1), traits));
  }
  const RunRequest request{.all_encoder_layers = false};
  const EncoderOutput expected = run_checked(reference, {}, texts, request);
  const EncoderOutput found = run_checked(packed, {}, texts, request);
  Difference hidden;
  Difference logits;
  if (!expected.all_encoder_layers.empty()) add_tokens(expected.last_hidden_state(), found.last_hidden_state(), hidden);
  add_matrix(expected.pooled_output, found.pooled_output, hidden);
  add_matrix(expected.logits, found.logits, logits);
  if (expected.start_logits && found.start_logits) add_tokens(*expected.start_logits, *found.start_logits, logits);
  if (expected.end_logits && found.end_logits) add_tokens(*expected.end_logits, *found.end_logits, logits);
  const Bounds bounds = proof_bounds(dtype);
  if (!hidden.within(bounds.hidden, bounds.cosine)) return "against the trace " + hidden.text() + " in hidden states";
  if (!logits.within(bounds.logits, bounds.cosine)) return "against the trace " + logits.text() + " in logits";
  return std::nullopt;
}

}  // namespace bertrt::session
