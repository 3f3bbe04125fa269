#include "session/engine_choice.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "engine/factory.h"
#include "engine/trust.h"
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
  Chooser(const std::shared_ptr<const model::ModelFile>& file, const SessionOptions& options,
          const model::ModelTraits& traits, LoadTimer& timer)
      : file_(file), options_(options), traits_(traits), timer_(timer) {}

  EngineChoice choose() {
    // The packed engine runs none of the file's code, so that it alone may open what libtorch must not, when it can
    // be proven without the trace.
    const bool data_alone = options_.engine == EngineKind::packed && (!options_.prove || has_self_test(*file_));
    if (!data_alone) engine::refuse_unsafe(*file_, options_.trust);

    if (options_.engine == EngineKind::torchscript) return reference("asked for");
    if (options_.device != "cpu") {
      return without_packed(ErrorCode::unsupported, "the packed engine runs on the CPU, not on " + options_.device);
    }
    try {
      packed_.check(source());
    } catch (const Error& error) {
      return without_packed(error.code(), error.what());
    }
    if (!options_.prove) return packed("used unchecked (SessionOptions::prove is off)", {});
    return has_self_test(*file_) ? proven_by_self_test() : proven_by_trace();
  }

 private:
  using Proof = std::function<std::optional<std::string>(const Engine&)>;

  EngineChoice proven_by_self_test() {
    return packed("equal to the self-test's outputs, which the bundle carries", [this](const Engine& engine) {
      auto objection = differs_from_self_test(engine, *file_, options_.dtype, traits_);
      timer_.stage("compare with the self-test");
      return objection;
    });
  }

  EngineChoice proven_by_trace() {
    std::optional<ProofCache> cache;
    if (!options_.proof_cache.empty()) {
      cache.emplace(options_.proof_cache, file_->bytes(), packed_.identity(options_.dtype));
      const bool known = cache->holds_proof();
      timer_.stage("look for a kept proof");
      if (known) return packed("equal to the trace by a proof that was kept (" + cache->file().string() + ")", {});
    }
    // Before the weights are packed, so that libtorch's copy of them is gone by then.
    std::optional<TraceProof> proof;
    try {
      proof.emplace(source());
      timer_.stages(proof->stages());
    } catch (const Error& error) {  // as where the trace takes inputs that the engine knows nothing of
      return without_packed(error.code(), error.what());
    }
    if (auto objection = forward_pass_differs(*proof)) return without_packed(ErrorCode::model_mismatch, *objection);
    return packed("equal to the trace on texts run through both when it was loaded", [&](const Engine& engine) {
      auto objection = proof->objection(engine, options_.dtype);
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
    if (options_.dtype == DType::fp32) return std::nullopt;
    SessionOptions plain = options_;
    plain.dtype = DType::fp32;
    try {
      auto objection = proof.objection(*packed_.make({file_, plain, traits_}), DType::fp32);
      timer_.stage("compare with the trace in fp32");
      return objection;
    } catch (const Error& error) {
      return error.what();
    }
  }

  // @param proof  gives an objection, or none; empty: not asked
  EngineChoice packed(std::string why, const Proof& proof) {
    std::unique_ptr<const Engine> engine;
    try {
      engine = packed_.make(source());
      timer_.stages(engine->facts().load_stages);
    } catch (const Error& error) {
      return without_packed(error.code(), error.what());
    }
    if (const auto objection = proof ? proof(*engine) : std::nullopt) {
      engine.reset();  // its memory is wanted by the other
      return without_packed(ErrorCode::model_mismatch, *objection);
    }
    if (options_.warmup) warm_up(*engine, static_cast<bool>(proof));
    return {std::move(engine), EngineKind::packed, std::move(why)};
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
      run_checked(engine, {}, {&text, 1}, {.all_encoder_layers = false});
    }
    if (!lengths.empty()) timer_.stage("warm-up");
  }

  EngineChoice without_packed(ErrorCode code, const std::string& why) {
    if (options_.engine == EngineKind::packed) throw Error(code, file_->name(), "a model for the packed engine", why);
    return reference("packed is not used: " + why);
  }

  EngineChoice reference(std::string why) {
    auto engine = engine::factory(EngineKind::torchscript).make(source());
    timer_.stages(engine->facts().load_stages);
    return {std::move(engine), EngineKind::torchscript, std::move(why)};
  }

  engine::EngineSource source() const { return {file_, options_, traits_}; }

  const engine::EngineFactory& packed_ = engine::factory(EngineKind::packed);
  const std::shared_ptr<const model::ModelFile>& file_;
  const SessionOptions& options_;
  const model::ModelTraits& traits_;
  LoadTimer& timer_;
};

}  // namespace

EngineChoice choose_engine(const std::shared_ptr<const model::ModelFile>& file, const SessionOptions& options,
                           const model::ModelTraits& traits, LoadTimer& timer) {
  return Chooser(file, options, traits, timer).choose();
}

}  // namespace bertrt::session
