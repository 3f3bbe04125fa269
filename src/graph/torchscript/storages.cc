#include "graph/torchscript/storages.h"

#include <utility>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

using archive::PickleKind;
using archive::PickleValue;

std::optional<std::vector<std::int64_t>> integers(const PickleValue& tuple) {
  constexpr std::size_t kMaxRank = 64;
  if (!tuple.is(PickleKind::tuple) || tuple.size() > kMaxRank) return std::nullopt;
  std::vector<std::int64_t> result;
  result.reserve(tuple.size());
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    if (!tuple[i].is(PickleKind::integer)) return std::nullopt;
    result.push_back(tuple[i].integer());
  }
  return result;
}

// "FloatStorage" of the global "torch.FloatStorage".
std::string_view storage_name(const PickleValue& storage) {
  static constexpr std::string_view kNames[] = {
      "FloatStorage", "HalfStorage",  "BFloat16Storage", "DoubleStorage", "LongStorage",
      "IntStorage",   "ShortStorage", "CharStorage",     "ByteStorage",   "BoolStorage",
  };
  const std::string name = storage[1].global_name();
  for (const std::string_view known : kNames) {
    if (name.size() == known.size() + 6 && name.starts_with("torch.") && name.ends_with(known)) return known;
  }
  return "another type";
}

archive::TensorView make_view(PickledTensor pickled, archive::ElementType type, std::span<const std::byte> record) {
  archive::TensorView view;
  view.type = type;
  view.shape = std::move(pickled.shape);
  view.strides = std::move(pickled.strides);
  view.storage_offset = pickled.offset;
  view.storage_key = std::string(pickled.key);
  view.storage = record;
  return view;
}

}  // namespace

std::optional<PickledTensor> unpack(const PickleValue& tensor) {
  if (!tensor.is(PickleKind::tensor) || tensor.size() < 4 || !tensor[0].is(PickleKind::storage) ||
      !tensor[1].is(PickleKind::integer)) {
    return std::nullopt;
  }
  const PickleValue storage = tensor[0];
  if (storage.size() < 5 || storage[0].text() != "storage" || !storage[1].is(PickleKind::global) ||
      !storage[2].is(PickleKind::text) || !storage[4].is(PickleKind::integer)) {
    return std::nullopt;
  }
  auto shape = integers(tensor[2]);
  auto strides = integers(tensor[3]);
  if (!shape || !strides) return std::nullopt;
  return PickledTensor{storage_name(storage), storage[2].text(), storage[4].integer(),
                       tensor[1].integer(),   *std::move(shape), *std::move(strides)};
}

void Storages::check(archive::Archive& archive, const PickleValue& tensor, const std::string& where) {
  auto pickled = unpack(tensor);
  if (!pickled) throw malformed(where, "a tensor's storage, offset, sizes and strides", "something else");
  const auto type = archive::storage_element_type(pickled->storage_name);
  if (!type) return;  // never viewed
  auto record = records_.find(pickled->key);
  if (record == records_.end()) {
    const std::string key(pickled->key);
    record = records_.emplace(key, archive.read(folder_ + key)).first;
  }
  const std::size_t size = archive::element_size(*type);
  const bool whole = pickled->storage_elements >= 0 && record->second.size() % size == 0 &&
                     static_cast<std::uint64_t>(pickled->storage_elements) == record->second.size() / size;
  if (!whole) {
    throw malformed(
        where,
        "a storage of " + std::to_string(pickled->storage_elements) + " elements of " + std::to_string(size) + " bytes",
        "a record of " + std::to_string(record->second.size()) + " bytes");
  }
  const std::span<const std::byte> bytes = record->second;
  const std::string problem = archive::check_bounds(make_view(*std::move(pickled), *type, bytes));
  if (!problem.empty()) throw malformed(where, "a tensor inside its storage", problem);
}

std::optional<archive::TensorView> Storages::view(const PickleValue& tensor) const {
  auto pickled = unpack(tensor);
  if (!pickled) return std::nullopt;
  const auto type = archive::storage_element_type(pickled->storage_name);
  const auto record = records_.find(pickled->key);
  if (!type || record == records_.end()) return std::nullopt;
  return make_view(*std::move(pickled), *type, record->second);
}

}  // namespace bertrt::graph::torchscript
