#include "archive/tensor_files.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "archive/byte_reader.h"
#include "archive/safetensors.h"
#include "archive/state_dict.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxShards = 1000;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A file right in the folder, whatever the index says: no other folder, no drive, nothing hidden in the name.
bool plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\\:\0", 4)) == std::string::npos && name != "." && name != ".." &&
         base::problem_of_text(name).empty();
}

// The shard of each weight. @param ending  of the shards' names
std::map<std::string, std::string, std::less<>> read_index(const fs::path& path, std::string_view ending) {
  const std::string where = path.string();
  const FileBytes bytes = FileBytes::read(path);
  const nlohmann::json index = base::parse_json(as_text(bytes.span()), where);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object() || map->empty()) {
    throw Error(ErrorCode::invalid_format, where, "a weight_map of weights and their files", "none");
  }
  std::map<std::string, std::string, std::less<>> shards;
  for (const auto& [name, value] : map->items()) {
    const std::string file = value.is_string() ? value.get<std::string>() : std::string();
    if (!plain_name(file) || !file.ends_with(ending)) {
      throw Error(ErrorCode::invalid_format, where + ": " + base::printable(name),
                  "a file of this folder, \"…" + std::string(ending) + '"', base::printable(file));
    }
    shards.emplace(name, file);
  }
  return shards;
}

std::string other_weights(const fs::path& folder) {
  static constexpr std::array kOthers = {"tf_model.h5", "flax_model.msgpack", "model.ckpt.index", "onnx"};
  for (const char* name : kOthers) {
    if (is_there(folder / name)) {
      return std::string(name) + " alone, which is not read here; load it in Python and save it again (safetensors)";
    }
  }
  // An adapter, a variant ("model.fp16.safetensors"), shards whose index is missing.
  std::error_code error;
  std::vector<std::string> found;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path name = entry->path().filename();
    if (name.extension() != ".safetensors" && name.extension() != ".bin") continue;
    const std::string stem = name.stem().string();
    if (stem.starts_with("model") || stem.starts_with("pytorch_model") || stem.starts_with("adapter_model")) {
      found.push_back(name.string());
    }
  }
  if (found.empty()) return "none of them";
  std::sort(found.begin(), found.end());
  const std::string& first = found.front();
  const std::string more = found.size() > 1 ? " and " + std::to_string(found.size() - 1) + " more" : std::string();
  const bool is_adapter = first.starts_with("adapter_model.");
  return base::printable(first) + more +
         (is_adapter
              ? ", which is an adapter and not read: merge it first in Python (merge_and_unload) and save it again"
              : ", which is not read under this name: save the model again without a variant, or rename the file");
}

}  // namespace

const TensorView* TensorFiles::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

void TensorFiles::add(std::string name, TensorView tensor, const std::string& file) {
  const auto [place, is_new] = tensors_.emplace(std::move(name), std::move(tensor));
  if (!is_new)
    throw Error(ErrorCode::invalid_format, file, "each weight in one file", base::printable(place->first) + " again");
}

std::vector<NamedTensor> TensorFiles::read_one(const fs::path& path) {
  const bool pickled = path.extension() == ".bin";
  if (!pickled && reading_ == Reading::when_wanted && DeferredFile::possible()) {
    const DeferredFile& file = *deferred_.emplace_back(std::make_unique<const DeferredFile>(path));
    return read_safetensors(file, file.addresses(), path.string());
  }
  bytes_.push_back(FileBytes::read(path));
  if (!pickled) return read_safetensors(bytes_.back().span(), path.string());
  StateDict weights = read_state_dict(bytes_.back().span(), path.string());
  archives_.push_back(std::move(weights.inflated));
  return std::move(weights.tensors);
}

void TensorFiles::add_file(const fs::path& path) {
  where_ = path.string();
  for (NamedTensor& one : read_one(path)) {
    add(std::move(one.name), std::move(one.tensor), path.string());
  }
}

void TensorFiles::add_shards(const fs::path& index) {
  where_ = index.string();
  const bool pickled = index.filename() == "pytorch_model.bin.index.json";
  const auto shards = read_index(index, pickled ? ".bin" : ".safetensors");
  std::set<std::string> files;
  for (const auto& [name, file] : shards) files.insert(file);
  if (files.size() > kMaxShards) {
    throw Error(ErrorCode::unsupported, index.string(), "at most 1000 files", std::to_string(files.size()));
  }
  for (const std::string& file : files) {
    const fs::path path = index.parent_path() / file;
    if (!is_there(path))
      throw Error(ErrorCode::file_not_found, path.string(), "a file that the index lists", "none of this name");
    for (NamedTensor& one : read_one(path)) {
      const auto listed = shards.find(one.name);
      if (listed == shards.end() || listed->second != file) {
        throw Error(ErrorCode::invalid_format, path.string(), "the weights that the index lists for it",
                    base::printable(one.name) + ", too");
      }
      add(std::move(one.name), std::move(one.tensor), path.string());
    }
  }
  for (const auto& [name, file] : shards) {
    if (!tensors_.contains(name)) {
      throw Error(ErrorCode::invalid_format, (index.parent_path() / file).string(),
                  base::printable(name) + ", as the index says", "none of this name");
    }
  }
}

TensorFiles TensorFiles::read(const fs::path& folder, Reading reading) {
  TensorFiles files(reading);
  for (const char* name :
       {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    const fs::path path = folder / name;
    if (!is_there(path)) continue;
    if (path.extension() == ".json") {
      files.add_shards(path);
    } else {
      files.add_file(path);
    }
    return files;
  }
  throw Error(ErrorCode::file_not_found, folder.string(),
              "model.safetensors, model.safetensors.index.json, pytorch_model.bin or pytorch_model.bin.index.json",
              other_weights(folder));
}

}  // namespace bertrt::archive
