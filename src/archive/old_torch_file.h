#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "archive/pickle.h"
#include "archive/tensor.h"

namespace bertrt::archive {

/// A file as torch.save wrote them before 1.6, and as many checkpoints of 2019 and 2020 still are: pickles one behind
/// the other (a number that marks the kind, a version, the machine's sizes, the object, the storages' keys in order),
/// then the storages, each a count of elements and its numbers. Read by the machine that reads all pickles here:
/// nothing is ever called, and each storage is held to what the pickle says of it.
class OldTorchFile {
 public:
  static bool is_one(std::span<const std::byte> bytes) noexcept;

  /// `bytes` must outlive the object. @throws Error invalid_format, unsupported
  OldTorchFile(std::span<const std::byte> bytes, const std::string& where);

  const Pickle& object() const noexcept { return *object_; }
  /// A tensor of object() as a view of its storage; nothing for element types that have no ElementType.
  /// @throws Error invalid_format
  std::optional<TensorView> tensor(const PickleValue& value, const std::string& where) const;

 private:
  Pickle next();
  void check_machine();
  void read_storages();

  std::string where_;
  std::span<const std::byte> rest_;
  std::optional<Pickle> object_;
  std::map<std::string, std::span<const std::byte>, std::less<>> storages_;
};

}  // namespace bertrt::archive
