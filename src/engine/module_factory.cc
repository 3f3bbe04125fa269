#include <string_view>
#include <utility>

#include "base/warnings.h"
#include "bertrt/runtime.h"
#include "engine/module.h"
#include "engine/trust.h"

namespace bertrt::engine {
namespace {

constexpr ModuleHost kHost = {num_threads, base::warn};

void raise(std::optional<Failure> failure) {
  if (!failure) return;
  throw Error(failure->code, std::move(failure->where), std::move(failure->expected), std::move(failure->found));
}

class ModuleEngine final : public Engine {
 public:
  ModuleEngine(const EngineModule& module, std::unique_ptr<const Engine> engine)
      : module_(module), engine_(std::move(engine)) {}

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    EncoderOutput output;
    raise(module_.run(*engine_, batch, request, output));
    return output;
  }

  const EngineFacts& facts() const noexcept override { return engine_->facts(); }

 private:
  const EngineModule& module_;
  std::unique_ptr<const Engine> engine_;
};

class ModuleFactory final : public EngineFactory {
 public:
  ModuleFactory(EngineKind kind, const EngineModule& module) : kind_(kind), module_(module) {}

  EngineKind kind() const noexcept override { return kind_; }
  std::string identity(DType) const override { return std::string(version()) + " module"; }
  void check(const EngineSource& source) const override { refuse_unsafe(*source.file, source.options.trust); }

  std::unique_ptr<const Engine> make(const EngineSource& source) const override {
    refuse_unsafe(*source.file, source.options.trust);
    std::unique_ptr<const Engine> engine;
    raise(module_.make(kHost, source, engine));
    return std::make_unique<ModuleEngine>(module_, std::move(engine));
  }

 private:
  EngineKind kind_;
  const EngineModule& module_;
};

}  // namespace

std::unique_ptr<const EngineFactory> module_factory(EngineKind kind, const EngineModule& module,
                                                    const std::string& where) {
  if (std::string_view(module.border) != kBorder) {
    throw Error(ErrorCode::unsupported, where, std::string("a module of this build (") + kBorder + ")", module.border);
  }
  return std::make_unique<ModuleFactory>(kind, module);
}

}  // namespace bertrt::engine
