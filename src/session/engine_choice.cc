#include "session/engine_choice.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "bertrt/error.h"
#include "engine/packed/packed_engine.h"
#include "engine/torchscript/torchscript_engine.h"
#include "session/proof.h"
#include "session/proof_cache.h"
#include "session/session_impl.h"
#include "session/trim_heap.h"

namespace bertrt::session {
namespace {

using engine::Engine;

constexpr std::size_t kShortWarmup = 8;

class Chooser {
 public:
  Chooser(const std::shared_ptr<const model::ModelFile>& file, const Decision& decision, const SessionOptions& options,
          const engine::torchscript::ModelTraits& traits, LoadTimer& timer)
      : file_(file), decision_(decision), options_(options), traits_(traits), timer_(timer) {}

  EngineChoice choose() {
    EngineChoice choice = options_.engine == EngineKind::automatic ? automatic() : named();
    if (choice.engine->facts().dtype != options_.packed.dtype) {
      throw Error(ErrorCode::unsupported, "SessionOptions::packed.dtype",
                  std::string(to_string(choice.engine->facts().dtype)) + " with the " +
                      std::string(to_string(choice.kind)) + " engine (" + choice.why + ")",
                  std::string(to_string(options_.packed.dtype)));
    }
    return choice;
  }

 private:
  using Proof = std::function<std::optional<std::string>(const Engine&)>;
  /// Why an engine cannot be had.
  struct Refusal {
    ErrorCode code = ErrorCode::unsupported;
    std::string why;
  };
  using Attempt = std::variant<EngineChoice, Refusal>;

  Attempt attempt(const Candidate& candidate) {
    if (!candidate.possible) return Refusal{candidate.code, candidate.why};
    switch (candidate.engine) {
      case EngineKind::packed: return packed(candidate);
      case EngineKind::torchscript: return torchscript(candidate);
      default: return Refusal{ErrorCode::unsupported, "this build has no such engine"};
    }
  }

  EngineChoice named() {
    Attempt tried = attempt(decision_.of(options_.engine));
    if (auto* refusal = std::get_if<Refusal>(&tried)) {
      throw Error(refusal->code, file_->name(),
                  "a model for the " + std::string(to_string(options_.engine)) + " engine", refusal->why);
    }
    return std::get<EngineChoice>(std::move(tried));
  }

  EngineChoice automatic() {
    std::string refusals;
    ErrorCode code = ErrorCode::unsupported;
    for (const Candidate& candidate : decision_.candidates) {
      Attempt tried = attempt(candidate);
      if (auto* choice = std::get_if<EngineChoice>(&tried)) {
        if (!refusals.empty()) choice->why = refusals + "; " + choice->why;
        return std::move(*choice);
      }
      const Refusal& refusal = std::get<Refusal>(tried);
      refusals +=
          (refusals.empty() ? "" : "; ") + std::string(to_string(candidate.engine)) + " is not used: " + refusal.why;
      code = refusal.code;
    }
    throw Error(code, file_->name(), "a model that one of the engines may run", refusals);
  }

  Attempt packed(const Candidate& candidate) {
    if (!options_.prove) return make_packed(candidate.why, {});
    if (has_self_test(*file_)) {
      Attempt tried = make_packed("equal to the self-test's outputs, which the bundle carries", {});
      if (auto* choice = std::get_if<EngineChoice>(&tried)) hold_to_self_test(*choice);
      return tried;
    }
    return proven_by_trace();
  }

  Attempt torchscript(const Candidate& candidate) {
    auto engine = engine::make_torchscript_engine(*file_, options_, traits_);
    timer_.stages(engine->facts().load_stages);
    EngineChoice choice{std::move(engine), EngineKind::torchscript, candidate.why};
    if (options_.prove && has_self_test(*file_)) hold_to_self_test(choice);
    return choice;
  }

  // A bundle that fails its own test is damaged, or does not compute here what it computed where it was made.
  void hold_to_self_test(const EngineChoice& choice) {
    const auto objection = differs_from_self_test(*choice.engine, *file_, traits_);
    timer_.stage("compare with the self-test");
    if (!objection) return;
    throw Error(ErrorCode::model_mismatch, file_->name(),
                "what its self-test says, from the " + std::string(to_string(choice.kind)) + " engine", *objection);
  }

  Attempt proven_by_trace() {
    std::optional<ProofCache> cache;
    if (!options_.proof_cache.empty()) {
      cache.emplace(options_.proof_cache, file_->bytes(),
                    engine::packed::packed_engine_identity(options_.packed.dtype));
      const bool known = cache->holds_proof();
      timer_.stage("look for a kept proof");
      if (known) return make_packed("equal to the trace by a proof that was kept (" + cache->file().string() + ")", {});
    }
    if (!may_use_libtorch(options_)) {
      return Refusal{ErrorCode::unsupported,
                     "no proof is kept, and the trace itself may not run (SessionOptions::trust)"};
    }
    // Before the weights are packed, so that libtorch's copy of them is gone by then.
    std::optional<TraceProof> proof;
    try {
      proof.emplace(*file_, options_, traits_);
      timer_.stages(proof->stages());
    } catch (const Error& error) {  // as where the trace takes inputs that the engine knows nothing of
      return Refusal{error.code(), error.what()};
    }
    if (auto objection = forward_pass_differs(*proof)) return Refusal{ErrorCode::model_mismatch, *objection};
    return make_packed("equal to the trace on texts run through both when it was loaded", [&](const Engine& engine) {
      auto objection = proof->objection(engine);
      trim_heap();
      timer_.stage("compare with the trace");
      if (!objection && cache) {
        cache->keep_proof();
        timer_.stage("keep the proof");
      }
      return objection;
    });
  }

  // In the lower dtypes rounding would hide what fp32 shows plainly.
  std::optional<std::string> forward_pass_differs(const TraceProof& proof) {
    if (options_.packed.dtype == DType::fp32) return std::nullopt;
    try {
      auto objection = proof.objection(*engine::packed::make_packed_engine(file_, {}, {.threads = options_.threads}));
      timer_.stage("compare with the trace in fp32");
      return objection;
    } catch (const Error& error) {
      return error.what();
    }
  }

  // @param proof  gives an objection, or none; empty: not asked
  Attempt make_packed(std::string why, const Proof& proof) {
    std::unique_ptr<const Engine> engine;
    try {
      engine = engine::packed::make_packed_engine(file_, options_.packed, {.threads = options_.threads});
      timer_.stages(engine->facts().load_stages);
    } catch (const Error& error) {
      return Refusal{error.code(), error.what()};
    }
    if (const auto objection = proof ? proof(*engine) : std::nullopt) {
      engine.reset();  // its memory is wanted by the other
      return Refusal{ErrorCode::model_mismatch, *objection};
    }
    if (options_.warmup) warm_up(*engine, static_cast<bool>(proof));
    return EngineChoice{std::move(engine), EngineKind::packed, std::move(why)};
  }

  // All lengths are alike to the packed engine, and a proof has warmed it already.
  void warm_up(const Engine& engine, bool has_run) {
    std::vector<std::size_t> lengths = options_.warmup_lengths;
    const std::size_t longest = engine.facts().max_length;
    if (lengths.empty() && !has_run) lengths.push_back(std::min(kShortWarmup, longest));
    for (const std::size_t length : lengths) {
      if (length == 0 || length > longest) {
        throw Error(ErrorCode::invalid_argument, "SessionOptions::warmup_lengths",
                    "lengths from 1 to " + std::to_string(longest), std::to_string(length));
      }
      const Encoding text = made_up_text(length, 1, traits_);
      run_checked(engine, {}, std::span(&text, 1), {});
    }
    if (!lengths.empty()) timer_.stage("warm-up");
  }

  const std::shared_ptr<const model::ModelFile>& file_;
  const Decision& decision_;
  const SessionOptions& options_;
  const engine::torchscript::ModelTraits& traits_;
  LoadTimer& timer_;
};

}  // namespace

EngineChoice choose_engine(const std::shared_ptr<const model::ModelFile>& file, const Decision& decision,
                           const SessionOptions& options, const engine::torchscript::ModelTraits& traits,
                           LoadTimer& timer) {
  return Chooser(file, decision, options, traits, timer).choose();
}

}  // namespace bertrt::session
