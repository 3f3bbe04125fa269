// The engine's side of the border (engine/module.h).
#include <atomic>
#include <exception>
#include <utility>

#include "bertrt/torchscript.h"
#include "engine/module.h"
#include "engine/torchscript/host.h"
#include "engine/torchscript/torchscript_engine.h"

#if defined(_WIN32)
#define BERTRT_MODULE_EXPORT __declspec(dllexport)
#else
#define BERTRT_MODULE_EXPORT __attribute__((visibility("default")))
#endif

namespace bertrt::engine::torchscript {
namespace {

std::atomic<const ModuleHost*> g_host{nullptr};

Failure failure_in_flight() noexcept {
  try {
    try {
      throw;
    } catch (const Error& error) {
      return {error.code(), error.where(), error.expected(), error.found()};
    } catch (const std::exception& error) {
      return {ErrorCode::runtime, "torchscript", "a call that ends well", error.what()};
    } catch (...) {
      return {ErrorCode::runtime, "torchscript", "a call that ends well", "an exception of unknown type"};
    }
  } catch (...) {  // no memory for the message: short strings need none
    return {ErrorCode::out_of_resources, "torchscript", "enough memory", "too little"};
  }
}

std::optional<Failure> make(const ModuleHost& host, const EngineSource& source,
                            std::unique_ptr<const Engine>& engine) noexcept {
  try {
    g_host.store(&host, std::memory_order_release);
    engine = make_torchscript_engine(source);
    return std::nullopt;
  } catch (...) {
    return failure_in_flight();
  }
}

std::optional<Failure> run(const Engine& engine, const batch::Batch& batch, const RunRequest& request,
                           EncoderOutput& output) noexcept {
  try {
    output = engine.run(batch, request);
    return std::nullopt;
  } catch (...) {
    return failure_in_flight();
  }
}

}  // namespace

const ModuleHost& host() noexcept { return *g_host.load(std::memory_order_acquire); }

}  // namespace bertrt::engine::torchscript

extern "C" BERTRT_MODULE_EXPORT const bertrt::engine::EngineModule* bertrt_torchscript_module() noexcept {
  using namespace bertrt::engine;
  static constexpr EngineModule module = {kBorder, torchscript::make, torchscript::run};
  return &module;
}
