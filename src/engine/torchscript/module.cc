#include "engine/torchscript/module.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <caffe2/serialize/read_adapter_interface.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "bertrt/error.h"
#include "engine/torchscript/guard.h"

namespace bertrt::engine::torchscript {
namespace {

// The archive's bytes as libtorch reads them.
class MemoryReader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit MemoryReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t size() const override { return bytes_.size(); }

  std::size_t read(std::uint64_t position, void* buffer, std::size_t count, const char*) const override {
    if (position >= bytes_.size()) return 0;
    count = std::min(count, bytes_.size() - static_cast<std::size_t>(position));
    std::memcpy(buffer, bytes_.data() + position, count);
    return count;
  }

 private:
  std::span<const std::byte> bytes_;
};

// Module::to(kFloat) would also turn integer buffers (position_ids) into floats and unshare tied weights.
void widen_halves(torch::jit::Module& module) {
  std::map<std::pair<const void*, std::vector<std::int64_t>>, at::Tensor> widened;
  const auto widen = [&](const at::Tensor& tensor) {
    if (tensor.scalar_type() != at::kHalf && tensor.scalar_type() != at::kBFloat16) return;
    auto key = std::make_pair(tensor.const_data_ptr(), tensor.sizes().vec());
    auto [entry, fresh] = widened.try_emplace(std::move(key));
    if (fresh) entry->second = tensor.to(at::kFloat);
    tensor.set_data(entry->second);
  };
  for (const at::Tensor& parameter : module.parameters()) widen(parameter);
  for (const at::Tensor& buffer : module.buffers()) widen(buffer);
}

}  // namespace

c10::Device parse_device(const std::string& name) {
  const c10::Device device = [&] {
    try {
      return c10::Device(name);
    } catch (const c10::Error&) {  // its message lists every device type that there ever was
      throw Error(ErrorCode::invalid_argument, "TorchScriptOptions::device", "\"cpu\" or \"cuda:N\"",
                  "\"" + name + "\"");
    }
  }();
  if (device.is_cpu()) return device;
  if (!device.is_cuda()) {
    throw Error(ErrorCode::invalid_argument, "TorchScriptOptions::device", "\"cpu\" or \"cuda:N\"", "\"" + name + "\"");
  }
  if (!c10::impl::hasDeviceGuardImpl(device.type())) {
    throw Error(ErrorCode::unsupported, "TorchScriptOptions::device", "\"cpu\" (this libtorch is built without CUDA)",
                "\"" + name + "\"");
  }
  const auto count = translated(ErrorCode::unsupported, "TorchScriptOptions::device", "a CUDA driver that answers",
                                [&] { return c10::impl::getDeviceGuardImpl(device.type())->deviceCount(); });
  if (std::max<int>(device.index(), 0) >= static_cast<int>(count)) {
    throw Error(ErrorCode::unsupported, "TorchScriptOptions::device",
                "one of the " + std::to_string(static_cast<int>(count)) + " CUDA devices of this machine",
                "\"" + name + "\"");
  }
  return device;
}

torch::jit::Module load_module(const model::ModelFile& file, std::span<const std::byte> bytes, c10::Device device) {
  // A missing operator is the one failure that a well-formed file can have here.
  auto module = translated(ErrorCode::unsupported, file.name(), "a module that this libtorch can load", [&] {
    auto loaded = torch::jit::load(std::make_shared<MemoryReader>(bytes), device, /*load_debug_files=*/false);
    loaded.eval();
    return loaded;
  });
  // Halves of either kind, and those that lie beside int8 layers, which stay as they are.
  if (file.manifest() && file.manifest()->dtype != "float32") {
    translated(ErrorCode::runtime, file.name(), "memory for the widened weights", [&] { widen_halves(module); });
  }
  return module;
}

}  // namespace bertrt::engine::torchscript
