#include "archive/state_dict.h"

#include <optional>
#include <set>
#include <utility>

#include "archive/guard.h"
#include "archive/old_torch_file.h"
#include "archive/pickle.h"
#include "archive/stored_tensor.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

// The dict's tensors. What else it holds is no weight: some files keep a configuration or a step beside them, as
// nothing reads them in Python, either.
// @param read  a tensor of the pickle, by its value and its place for messages
template <typename Read>
std::vector<NamedTensor> tensors_of(const PickleValue& root, const std::string& where, const Read& read) {
  if (!root.is(PickleKind::dict))
    throw Error(ErrorCode::invalid_format, where, "a state dict: tensors by names", "something else");
  std::vector<NamedTensor> tensors;
  std::set<std::string, std::less<>> names;
  std::string other;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (!root.key(i).is(PickleKind::text))
      throw Error(ErrorCode::invalid_format, where, "texts as names of weights", "something else");
    std::string name(root.key(i).text());
    const std::string at = where + ": " + base::printable(name);
    if (!names.insert(name).second) throw Error(ErrorCode::invalid_format, at, "each weight once", "one twice");
    if (!root.value(i).is(PickleKind::tensor)) {
      if (other.empty()) other = at;
      continue;
    }
    std::optional<TensorView> view = read(root.value(i), at);
    if (!view) throw Error(ErrorCode::unsupported, at, "floating-point numbers or integers", "another kind of numbers");
    tensors.push_back({std::move(name), *std::move(view)});
  }
  if (tensors.empty() && !other.empty()) {
    throw Error(ErrorCode::unsupported, other, "a tensor (a state dict, not a training checkpoint)", "something else");
  }
  return tensors;
}

StateDict read(std::span<const std::byte> bytes, const std::string& where) {
  StateDict result;
  if (OldTorchFile::is_one(bytes)) {
    const OldTorchFile file(bytes, where);
    result.tensors = tensors_of(file.object().root(), where, [&](const PickleValue& value, const std::string& at) {
      return file.tensor(value, at);
    });
    return result;
  }
  auto archive = std::make_unique<Archive>(bytes, where, ArchiveKind::weights);
  const Pickle pickle(archive->read("data.pkl"), archive->where("data.pkl"), PickleWriter::torch_save);
  result.tensors = tensors_of(pickle.root(), where, [&](const PickleValue& value, const std::string& at) {
    return read_tensor(value, *archive, "data/", at);
  });
  result.inflated = std::move(archive);
  return result;
}

}  // namespace

StateDict read_state_dict(std::span<const std::byte> bytes, const std::string& where) {
  return guard_memory(where, [&] { return read(bytes, where); });
}

}  // namespace bertrt::archive
