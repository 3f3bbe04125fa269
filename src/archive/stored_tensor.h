#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/pickle.h"
#include "archive/tensor.h"

namespace bertrt::archive {

/// What a pickled tensor says of itself, its storage not looked at.
struct TensorDescription {
  std::string storage_name;           ///< "FloatStorage"
  std::optional<ElementType> type;    ///< nothing for complex and quantized numbers, which no encoder stores
  std::string_view key;               ///< of the storage: the name of its entry below "data/" or "constants/"
  std::string_view device;            ///< "cpu", "cuda:0", …: where it lay when it was saved
  std::int64_t storage_elements = 0;  ///< not below 0
  std::int64_t storage_offset = 0;    ///< in elements; not below 0
  std::vector<std::int64_t> shape;    ///< at most 64 axes, none below 0; the product of those that are not 0 is bounded
  std::vector<std::int64_t> strides;  ///< in elements, one an axis; none below 0
  std::uint64_t element_bytes = 0;    ///< of a stored number
};

/// The description of a PickleKind::tensor or quantized_tensor. `where` ("model.pt: data.pkl: encoder.weight") is for
/// messages. For the tensors of traced_inputs.pkl, whose storages are empty by design, this is all there is.
/// @throws Error invalid_format, also for a storage of elements that libtorch does not know
TensorDescription describe_tensor(const PickleValue& tensor, const std::string& where);

/// The tensor as a view of its storage's entry in `folder` ("data/", "constants/"), the one way by which weights enter,
/// wherever in a pickle they stand. The entry has exactly the bytes that the pickle says, and the view lies inside it.
/// Nothing for element types that have no ElementType; their entries are held to their size all the same.
/// @throws Error invalid_format
std::optional<TensorView> read_tensor(const PickleValue& tensor, Archive& archive, std::string_view folder,
                                      const std::string& where);

/// The same where the storage is already at hand. @param storage_name  for messages, "entry 'data/0'"
std::optional<TensorView> view_tensor(TensorDescription description, std::span<const std::byte> storage,
                                      const std::string& storage_name, const std::string& where);

/// Holds every tensor of a pickle to its storage, those in lists, tuples and dicts included, so that whoever reads the
/// file next finds no lie. In time linear in the pickle. @throws Error invalid_format
void check_tensors(const Pickle& pickle, Archive& archive, std::string_view folder, const std::string& where);

}  // namespace bertrt::archive
