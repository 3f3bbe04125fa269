#include "engine/factory.h"

#include <mutex>
#include <string>
#include <system_error>

#include "base/shared_object.h"
#include "bertrt/error.h"
#include "bertrt/torchscript.h"
#include "engine/graph/factories.h"
#include "engine/module.h"
#include "engine/module_search.h"

namespace bertrt::engine {
namespace {

#if defined(_WIN32)
constexpr const char* kModuleFile = "bertrt_torchscript.dll";
#elif defined(__APPLE__)
constexpr const char* kModuleFile = "libbertrt_torchscript.dylib";
#else
constexpr const char* kModuleFile = "libbertrt_torchscript.so";
#endif

std::unique_ptr<const EngineFactory> open_module(const std::filesystem::path& path) {
  const base::SharedObject object = base::open_shared_object(path);
  if (object.handle == nullptr) {
    throw Error(ErrorCode::unsupported, path.string(), "a module that this machine can open, with libtorch behind it",
                object.failure);
  }
  using Entry = const EngineModule* (*)() noexcept;
  const auto entry = reinterpret_cast<Entry>(base::find_symbol(object, "bertrt_torchscript_module"));
  if (entry == nullptr) {
    throw Error(ErrorCode::unsupported, path.string(), "a module of bertrt's", "no bertrt_torchscript_module in it");
  }
  return module_factory(EngineKind::torchscript, *entry(), path.string());
}

std::unique_ptr<const EngineFactory> find_module(const std::filesystem::path& folder) {
  std::string looked;
  for (const std::filesystem::path& path : module_candidates(kModuleFile, folder)) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return open_module(path);
    looked += (looked.empty() ? "" : ", ") + path.parent_path().string();
  }
  throw Error(ErrorCode::unsupported, "the torchscript engine",
              std::string(kModuleFile) +
                  ", which is built where CMake finds a libtorch (-DBERTRT_TORCHSCRIPT=ON insists on it) and found "
                  "beside the library or in a folder of BERTRT_MODULE_PATH",
              "no such file in " + looked);
}

// Never destroyed: sessions may outlive the statics.
class Registry {
 public:
  static Registry& get() {
    static Registry& registry = *new Registry;
    return registry;
  }

  const EngineFactory& packed() const noexcept { return packed_; }
  const EngineFactory& graph() const noexcept { return graph_; }

  const EngineFactory& torchscript(const std::filesystem::path& module_folder) {
    const std::lock_guard lock(mutex_);
    if (!torchscript_) torchscript_ = find_module(module_folder);
    return *torchscript_;
  }

  void add(const EngineModule& module) {
    auto added = module_factory(EngineKind::torchscript, module, "register_engine");
    const std::lock_guard lock(mutex_);
    if (!torchscript_) torchscript_ = std::move(added);  // one that sessions may use is never replaced
  }

 private:
  std::mutex mutex_;
  graph::PackedFactory packed_;
  graph::GraphFactory graph_;
  std::unique_ptr<const EngineFactory> torchscript_;
};

}  // namespace

const EngineFactory& factory(EngineKind kind, const std::filesystem::path& module_folder) {
  switch (kind) {
    case EngineKind::packed: return Registry::get().packed();
    case EngineKind::graph: return Registry::get().graph();
    case EngineKind::torchscript: return Registry::get().torchscript(module_folder);
    case EngineKind::automatic: break;
  }
  throw Error(ErrorCode::invalid_argument, "engine::factory", "a kind of engine", "automatic");
}

}  // namespace bertrt::engine

namespace bertrt {
inline namespace v0 {

void register_engine(const engine::EngineModule& module) { engine::Registry::get().add(module); }

}  // namespace v0
}  // namespace bertrt
