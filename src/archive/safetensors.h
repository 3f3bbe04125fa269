#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "archive/tensor.h"

namespace bertrt::archive {

struct NamedTensor {
  std::string name;
  TensorView tensor;  ///< contiguous; its storage is its own range of the file, its key its name
};

/// The tensors of a safetensors file, in the order of its bytes: an 8-byte length, a JSON header of that length, data.
///
/// As strict as the format's own reader: every byte behind the header belongs to exactly one tensor (no holes, no
/// overlap, nothing left over), each range is as long as its dtype and shape say, a name stands once. Elements need not
/// be aligned in memory; who reads them copies.
/// @param bytes  must outlive the views. @param where  for messages
/// @throws Error invalid_format; unsupported for a dtype that the format has and this library has not
std::vector<NamedTensor> read_safetensors(std::span<const std::byte> bytes, const std::string& where);

/// The same of a file of which the header alone is read here; the tensors are left in it (TensorView::unread).
/// @param file  its `addresses`; must outlive the views
std::vector<NamedTensor> read_safetensors(const Unread& file, std::span<const std::byte> addresses,
                                          const std::string& where);

}  // namespace bertrt::archive
