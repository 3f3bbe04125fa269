#include "graph/torchscript/storages.h"

#include <utility>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

// Of the quantized integers that are known here, as the int8 that they are.
archive::TensorDescription describe(const archive::PickleValue& tensor, const std::string& where) {
  archive::TensorDescription description = archive::describe_tensor(tensor, where);
  if (tensor.is(archive::PickleKind::quantized_tensor) && description.storage_name == "QInt8Storage") {
    description.type = archive::ElementType::int8;
  }
  return description;
}

}  // namespace

void Storages::check(archive::Archive& archive, const archive::PickleValue& tensor, const std::string& where) {
  archive::TensorDescription description = describe(tensor, where);
  auto record = records_.find(description.key);
  if (record == records_.end()) {
    const std::string key(description.key);
    record = records_.emplace(key, archive.read(folder_ + key)).first;
  }
  const std::string entry = "entry " + printable(folder_ + record->first);
  (void)archive::view_tensor(std::move(description), record->second, entry, where);
}

std::optional<archive::TensorView> Storages::view(const archive::PickleValue& tensor) const {
  archive::TensorDescription description = describe(tensor, folder_);
  const auto record = records_.find(description.key);
  if (record == records_.end()) return std::nullopt;
  return archive::view_tensor(std::move(description), record->second, folder_, folder_);
}

}  // namespace bertrt::graph::torchscript
