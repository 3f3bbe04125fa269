#include "session/engine_choice.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/packed_engine.h"
#include "engine/torchscript/torchscript_engine.h"
#include "session/proof.h"
#include "session/stage_timer.h"

namespace bertrt::session {
namespace {

using engine::Engine;

class Chooser {
 public:
  Chooser(const std::shared_ptr<const model::ModelFile>& file, const SessionOptions& options,
          const engine::torchscript::ModelTraits& traits)
      : file_(file), options_(options), traits_(traits) {}

  EngineChoice choose() {
    // The packed engine runs none of the file's code, so that it alone may open what libtorch must not, when it can
    // be proven without the trace.
    const bool data_alone = options_.engine == EngineKind::packed && (!options_.prove || has_self_test(*file_));
    if (!data_alone) engine::refuse_unsafe(*file_, options_.trust);

    if (options_.engine == EngineKind::torchscript) return reference("asked for");
    if (options_.device != "cpu") {
      return without_packed(ErrorCode::unsupported, "the packed engine runs on the CPU, not on " + options_.device);
    }
    std::unique_ptr<Engine> packed;
    try {
      const StageTimer timer("pack the weights");
      packed = engine::packed::make_packed_engine(file_, options_);
      stages_.push_back(timer.stop());
    } catch (const Error& error) {
      return without_packed(error.code(), error.what());
    }
    return proven(std::move(packed));
  }

 private:
  std::unique_ptr<const Engine> make_reference() {
    auto made = engine::make_torchscript_engine(*file_, options_, traits_);
    const auto& stages = made->facts().load_stages;
    stages_.insert(stages_.end(), stages.begin(), stages.end());
    return made;
  }

  EngineChoice reference(std::string why) {
    if (!reference_) reference_ = make_reference();
    return {std::move(reference_), EngineKind::torchscript, std::move(why), std::move(stages_)};
  }

  EngineChoice without_packed(ErrorCode code, const std::string& why) {
    if (options_.engine == EngineKind::packed) throw Error(code, file_->name(), "a model for the packed engine", why);
    return reference("packed is not used: " + why);
  }

  EngineChoice proven(std::unique_ptr<Engine> packed) {
    std::string why = "used unchecked (SessionOptions::prove is off)";
    if (options_.prove) {
      std::optional<std::string> objection;
      if (has_self_test(*file_)) {
        const StageTimer timer("proof by the self-test");
        objection = differs_from_self_test(*packed, *file_, options_.dtype, traits_);
        stages_.push_back(timer.stop());
        why = "equal to the self-test's outputs, which the bundle carries";
      } else {
        if (!reference_) reference_ = make_reference();
        const StageTimer timer("proof by the trace");
        objection = differs_from_reference(*packed, *reference_, options_.dtype, traits_);
        stages_.push_back(timer.stop());
        why = "equal to the trace on texts run through both when it was loaded";
      }
      if (objection) return without_packed(ErrorCode::model_mismatch, *objection);
    }
    const auto& stages = packed->facts().load_stages;
    stages_.insert(stages_.end(), stages.begin(), stages.end());
    return {std::move(packed), EngineKind::packed, std::move(why), std::move(stages_)};
  }

  const std::shared_ptr<const model::ModelFile>& file_;
  const SessionOptions& options_;
  const engine::torchscript::ModelTraits& traits_;
  std::unique_ptr<const Engine> reference_;
  std::vector<LoadStage> stages_;
};

}  // namespace

EngineChoice choose_engine(const std::shared_ptr<const model::ModelFile>& file, const SessionOptions& options,
                           const engine::torchscript::ModelTraits& traits) {
  return Chooser(file, options, traits).choose();
}

}  // namespace bertrt::session
