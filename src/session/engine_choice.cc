#include "session/engine_choice.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "archive/archive.h"
#include "archive/rewrite.h"
#include "bertrt/error.h"
#include "proof/cases.h"
#include "proof/trace_proof.h"
#include "session/proof_cache.h"
#include "session/self_test_check.h"
#include "session/session_impl.h"
#include "session/tokenizer_choice.h"
#include "session/trim_heap.h"
#include "session/warm_up.h"

namespace bertrt::session {
namespace {

using engine::Engine;

class Chooser {
 public:
  Chooser(const engine::EngineSource& source, const Decision& decision, const Tokenizer* tokenizer, LoadTimer& timer)
      : source_(source), options_(source.options), decision_(decision), tokenizer_(tokenizer), timer_(timer) {}

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
      case EngineKind::packed:
      case EngineKind::graph: return own(candidate);
      case EngineKind::torchscript: return torchscript(candidate);
      case EngineKind::automatic: break;
    }
    return Refusal{ErrorCode::unsupported, "this build has no such engine"};
  }

  EngineChoice named() {
    Attempt tried = attempt(decision_.of(options_.engine));
    if (auto* refusal = std::get_if<Refusal>(&tried)) {
      throw Error(refusal->code, source_.file->name(),
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
    throw Error(code, source_.file->name(), "a model that one of the engines may run", refusals);
  }

  // The packed and the graph engine.
  Attempt own(const Candidate& candidate) {
    if (!options_.prove) return make(candidate.engine, candidate.why, {});
    if (!has_self_test(*source_.file)) return proven_by_trace(candidate.engine);
    Attempt tried = make(candidate.engine, "equal to the self-test's outputs, which the bundle carries", {});
    if (auto* choice = std::get_if<EngineChoice>(&tried)) hold_to_self_test(*choice);
    return tried;
  }

  Attempt torchscript(const Candidate& candidate) {
    engine::EngineSource source = source_;
    source.bytes = source_.file->bytes();
    std::vector<std::byte> checked;
    if (options_.trust != Trust::full) {
      archive::Archive archive = source_.file->archive();
      checked = archive::rewrite(archive);
      source.bytes = checked;
      timer_.stage("write what was checked anew");
    }
    auto engine = engine::factory(EngineKind::torchscript, options_.torchscript.module_path).make(source);
    timer_.stages(engine->facts().load_stages);
    EngineChoice choice{std::move(engine), EngineKind::torchscript, candidate.why};
    if (options_.prove && has_self_test(*source_.file)) hold_to_self_test(choice);
    return choice;
  }

  // One that the caller brought is the caller's choice.
  const Tokenizer* own_tokenizer() const { return options_.tokenizer.empty() ? tokenizer_ : nullptr; }

  // A bundle that fails its own test is damaged, or does not compute here what it computed where it was made.
  void hold_to_self_test(const EngineChoice& choice) {
    const auto objection = differs_from_self_test(*choice.engine, own_tokenizer(), *source_.file, source_.traits);
    timer_.stage("compare with the self-test");
    if (!objection) return;
    throw Error(ErrorCode::model_mismatch, source_.file->name(),
                "what its self-test says, from the " + std::string(to_string(choice.kind)) + " engine", *objection);
  }

  // Against the plain evaluation of the trace's own operators.
  Attempt proven_by_trace(EngineKind kind) {
    std::optional<ProofCache> cache;
    if (!options_.proof_cache.empty()) {
      cache.emplace(options_.proof_cache, source_.file->bytes(), engine::factory(kind).identity(options_.packed.dtype));
      const bool known = cache->holds_proof();
      timer_.stage("look for a kept proof");
      if (known) return make(kind, "equal to the trace by a proof that was kept (" + cache->file().string() + ")", {});
    }
    std::optional<proof::TraceProof> proof;
    const auto special_ids = tokenizer_ != nullptr ? special_ids_of(*tokenizer_) : std::vector<std::int32_t>();
    try {
      // Before the weights are packed, so that what it needs is gone by then.
      proof.emplace(source_.trace, special_ids, kind == EngineKind::packed, false);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::out_of_resources) throw;
      return Refusal{error.code(), std::string("it could not be compared with the trace: ") + error.what()};
    }
    timer_.stage("evaluate the trace");
    return make(kind, "equal to the trace on texts run through both when it was loaded", [&](const Engine& engine) {
      auto objection = forward_pass_differs(kind, *proof);
      if (!objection) objection = differs(kind, engine, *proof);
      trim_heap();
      timer_.stage("compare with the trace");
      if (!objection && cache) {
        cache->keep_proof();
        timer_.stage("keep the proof");
      }
      return objection;
    });
  }

  std::optional<std::string> differs(EngineKind kind, const Engine& engine, const proof::TraceProof& proof) {
    if (!proof.without_rounding()) return proof.judge(engine, engine.facts().dtype).objection;
    return proof.judge(*proof.make_engine(kind, options_), options_.packed.dtype).objection;
  }

  // In the lower dtypes rounding would hide what fp32 shows plainly.
  std::optional<std::string> forward_pass_differs(EngineKind kind, const proof::TraceProof& proof) {
    if (options_.packed.dtype == DType::fp32) return std::nullopt;
    SessionOptions plain = options_;
    plain.packed.dtype = DType::fp32;
    return proof.judge(*proof.make_engine(kind, plain), DType::fp32).objection;
  }

  // @param proof  gives an objection, or none; empty: not asked
  Attempt make(EngineKind kind, std::string why, const Proof& proof) {
    std::unique_ptr<const Engine> engine;
    try {
      engine = engine::factory(kind).make(source_);
      timer_.stage("make the engine");
    } catch (const Error& error) {
      if (error.code() == ErrorCode::out_of_resources) throw;
      return Refusal{error.code(), error.what()};
    }
    if (const auto objection = proof ? proof(*engine) : std::nullopt) {
      engine.reset();  // its memory is wanted by the other
      return Refusal{ErrorCode::model_mismatch, *objection};
    }
    // A proof has warmed it already.
    const auto text = [&](std::size_t length) { return proof::made_up_text(*source_.trace, length, 1); };
    if (options_.warmup && warm_up(*engine, options_, static_cast<bool>(proof), text)) timer_.stage("warm-up");
    return EngineChoice{std::move(engine), kind, std::move(why)};
  }

  const engine::EngineSource& source_;
  const SessionOptions& options_;
  const Decision& decision_;
  const Tokenizer* tokenizer_;
  LoadTimer& timer_;
};

}  // namespace

EngineChoice choose_engine(const engine::EngineSource& source, const Decision& decision, const Tokenizer* tokenizer,
                           LoadTimer& timer) {
  return Chooser(source, decision, tokenizer, timer).choose();
}

}  // namespace bertrt::session
