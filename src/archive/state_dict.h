#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/safetensors.h"

namespace bertrt::archive {

/// The tensors of a pytorch_model.bin, and what some of them point into.
struct StateDict {
  std::vector<NamedTensor> tensors;         ///< may share storages; not contiguous, where Python's were not
  std::unique_ptr<const Archive> inflated;  ///< holds the storages that were compressed; of a zip
};

/// Reads weights as torch.save writes them (the zip files of torch 1.6 and later, and what came before): a dict of
/// tensors by names; other values in it are passed over. Its pickle is read by the same machine as a TorchScript
/// model's: names of known constructors are understood, nothing is ever called.
/// @param bytes  must outlive the tensors. @param where  for messages
/// @throws Error invalid_format, unsupported
StateDict read_state_dict(std::span<const std::byte> bytes, const std::string& where);

}  // namespace bertrt::archive
