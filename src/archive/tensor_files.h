#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/deferred_file.h"
#include "archive/file_bytes.h"
#include "archive/safetensors.h"
#include "archive/tensor.h"

namespace bertrt::archive {

/// When the bytes of tensors are read.
enum class Reading {
  at_once,  ///< all of them; the views are memory
  /// When somebody asks for them (TensorView::unread), so that no copy of the whole file ever lies in memory. The files
  /// stay open meanwhile. Pickled weights, which have checksums, are read at once all the same.
  when_wanted,
};

/// A folder's weights by their names: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` lists (each holds exactly the weights that the index says, and lies in the folder);
/// where there is none of them, `pytorch_model.bin` or its shards, whose pickles are read and never run.
class TensorFiles {
 public:
  /// @throws Error file_not_found (none of them is there; says which other weights are), invalid_format, unsupported,
  /// io
  static TensorFiles read(const std::filesystem::path& folder, Reading reading = Reading::at_once);

  /// The views live as long as this object (moving it is fine).
  const std::map<std::string, TensorView, std::less<>>& tensors() const noexcept { return tensors_; }
  /// Null when there is none.
  const TensorView* find(std::string_view name) const;
  const std::string& where() const noexcept { return where_; }  ///< the file or index, for messages

 private:
  std::vector<NamedTensor> read_one(const std::filesystem::path& path);
  void add_file(const std::filesystem::path& path);
  void add_shards(const std::filesystem::path& index);
  void add(std::string name, TensorView tensor, const std::string& file);

  explicit TensorFiles(Reading reading) : reading_(reading) {}

  Reading reading_;
  std::string where_;
  std::vector<FileBytes> bytes_;
  std::vector<std::unique_ptr<const DeferredFile>> deferred_;
  std::vector<std::unique_ptr<const Archive>> archives_;
  std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace bertrt::archive
