#include "session/self_test_check.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "session/bounds.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

using engine::Engine;
using model::ModelTraits;

constexpr std::string_view kSelfTest = "bertrt/selftest.json";

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

}  // namespace

bool has_self_test(const model::ModelFile& file) { return file.extra(kSelfTest).has_value(); }

std::optional<std::string> differs_from_self_test(const Engine& engine, const Tokenizer* tokenizer,
                                                  const model::ModelFile& file, const ModelTraits& traits) {
  if (file.manifest()) {
    for (const auto& [name, method] : file.manifest()->methods) {
      // An engine that evaluates forward() gives what that gives; what lies inside is a recognized encoder's to give.
      if (name != "forward" && !gives(engine, OutputRole::hidden_state)) continue;
      for (const std::string& output : method.outputs) {
        if (!gives(engine, std::string_view(output))) return "it does not give " + output;
      }
    }
  }
  const auto cases = parse_self_test(*file.extra(kSelfTest), file.name());
  if (tokenizer != nullptr && !gives_ids(*tokenizer, cases)) return "its tokenizer gives other ids";
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

}  // namespace bertrt::session
