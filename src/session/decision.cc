#include "session/decision.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/enum_names.h"
#include "model/output_names.h"

namespace bertrt::session {
namespace {

constexpr std::size_t kMostThreads = 1024;

const model::Finding* refusal(const model::ModelFile& file) {
  const auto found = std::find_if(file.findings().begin(), file.findings().end(), [](const model::Finding& finding) {
    return finding.severity == model::Finding::Severity::refuse;
  });
  return found == file.findings().end() ? nullptr : &*found;
}

Candidate packed_candidate(const family::Trace& trace, const SessionOptions& options) {
  const auto no = [](std::string why) {
    return Candidate{EngineKind::packed, false, std::move(why), ErrorCode::unsupported};
  };
  if (options.torchscript.device != "cpu") return no("it runs on the CPU, not on " + options.torchscript.device);
  if (!trace.reading.recognition)
    return no(trace.program == nullptr ? trace.not_graphable : trace.reading.not_explained);
  if (!options.prove) return {EngineKind::packed, true, "every operator of its encoder is explained; used unchecked"};
  return {EngineKind::packed, true, "every operator of its encoder is explained, and it is compared when it is loaded"};
}

Candidate graph_candidate(const family::Trace& trace, const SessionOptions& options) {
  Candidate candidate{EngineKind::graph, false, {}, ErrorCode::unsupported};
  if (options.torchscript.device != "cpu") {
    candidate.why = "it runs on the CPU, not on " + options.torchscript.device;
  } else if (trace.program == nullptr) {
    candidate.why = trace.not_graphable;
  } else {
    candidate.possible = true;
    candidate.why = options.engine == EngineKind::graph ? "asked for" : "the trace's own operators are evaluated";
  }
  return candidate;
}

Candidate torchscript_candidate(const model::ModelFile& file, const SessionOptions& options) {
  Candidate candidate{EngineKind::torchscript, false, {}, ErrorCode::unsupported};
  if (const model::Finding* finding = refusal(file); finding != nullptr && options.trust != Trust::full) {
    candidate.code = ErrorCode::unsafe_model;
    candidate.why = finding->where + ": " + finding->message;
  } else if (!may_use_libtorch(options)) {
    candidate.code = ErrorCode::unsafe_model;
    candidate.why = "it would run the file's code, which takes Trust::checked or the engine's name";
  } else {
    candidate.possible = true;
    candidate.why = options.engine == EngineKind::torchscript ? "asked for" : "libtorch runs the trace itself";
  }
  return candidate;
}

// What the file calls its outputs. A dict's keys and a manifest's names are names; positions are none.
std::vector<OutputInfo> named_outputs(const model::ModelFile& file) {
  const model::Method* forward = file.find_method("forward");
  std::vector<OutputInfo> outputs;
  if (file.manifest() || (forward != nullptr && !forward->output_keys.empty())) {
    for (std::string& name : model::output_names(file)) outputs.push_back({std::move(name), OutputRole::other, {}, {}});
  } else if (forward != nullptr) {
    const std::size_t count = model::type_items(forward->return_type).size();
    for (std::size_t i = 0; i < count; ++i) outputs.push_back({std::to_string(i), OutputRole::other, {}, {}});
  }
  for (OutputInfo& output : outputs) {
    const OutputRole role = model::role_of_output(output.name, file.manifest() ? file.manifest()->task : "");
    if (role != OutputRole::other) output = {output.name, role, Evidence::by_name, {}};
  }
  return outputs;
}

}  // namespace

const Candidate* Decision::first() const noexcept {
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [](const Candidate& one) { return one.possible; });
  return found == candidates.end() ? nullptr : &*found;
}

const Candidate& Decision::of(EngineKind engine) const {
  return *std::find_if(candidates.begin(), candidates.end(),
                       [&](const Candidate& one) { return one.engine == engine; });
}

bool may_use_libtorch(const SessionOptions& options) noexcept {
  if (options.trust) return *options.trust != Trust::data_only;
  return options.engine == EngineKind::torchscript;
}

void check_options(const SessionOptions& options) {
  const auto reject = [](const char* where, std::string expected, std::string found) {
    throw Error(ErrorCode::invalid_argument, std::string("SessionOptions::") + where, std::move(expected),
                std::move(found));
  };
  base::check_named("SessionOptions::engine", options.engine);
  base::check_named("SessionOptions::packed.dtype", options.packed.dtype);
  base::check_named("SessionOptions::torchscript.length_policy", options.torchscript.length_policy);
  if (options.trust) base::check_named("SessionOptions::trust", *options.trust);
  if (options.engine == EngineKind::torchscript && options.trust == Trust::data_only) {
    reject("trust", "checked or full with the torchscript engine, which runs the file's code", "data_only");
  }
  if (!options.torchscript.operator_libraries.empty() && options.trust != Trust::full) {
    reject("trust", "full with operator libraries, which are programs",
           options.trust ? std::string(to_string(*options.trust)) : "no trust");
  }
  if (options.threads > kMostThreads) {
    reject("threads", "at most " + std::to_string(kMostThreads), std::to_string(options.threads));
  }
  if (options.engine == EngineKind::torchscript && options.packed.dtype != DType::fp32) {
    reject("packed.dtype", "fp32 with the torchscript engine, which has no other arithmetic",
           std::string(to_string(options.packed.dtype)));
  }
  if (options.torchscript.device != "cpu" &&
      (options.engine == EngineKind::packed || options.engine == EngineKind::graph)) {
    throw Error(ErrorCode::unsupported, "SessionOptions::torchscript.device",
                "\"cpu\" for the " + std::string(to_string(options.engine)) + " engine", options.torchscript.device);
  }
}

Decision decide(const model::ModelFile& file, const family::Trace& trace, const SessionOptions& options) {
  check_options(options);
  Decision decision;
  decision.candidates = {packed_candidate(trace, options), graph_candidate(trace, options),
                         torchscript_candidate(file, options)};
  decision.outputs = trace.outputs.empty() ? named_outputs(file) : trace.outputs;
  decision.findings = trace.findings;
  const Candidate& packed = decision.of(EngineKind::packed);
  if (!packed.possible) decision.not_explained.push_back(packed.why);
  return decision;
}

}  // namespace bertrt::session
