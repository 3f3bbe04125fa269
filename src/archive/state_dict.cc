#include "archive/state_dict.h"

#include <set>
#include <utility>

#include "archive/guard.h"
#include "archive/pickle.h"
#include "archive/stored_tensor.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

StateDict read(std::span<const std::byte> bytes, const std::string& where) {
  auto archive = std::make_unique<Archive>(bytes, where, ArchiveKind::weights);
  const Pickle pickle(archive->read("data.pkl"), archive->where("data.pkl"), PickleWriter::torch_save);
  const PickleValue root = pickle.root();
  if (!root.is(PickleKind::dict))
    throw Error(ErrorCode::invalid_format, where, "a state dict: tensors by names", "something else");
  StateDict result;
  std::set<std::string, std::less<>> names;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (!root.key(i).is(PickleKind::text))
      throw Error(ErrorCode::invalid_format, where, "texts as names of weights", "something else");
    std::string name(root.key(i).text());
    const std::string at = where + ": " + base::printable(name);
    if (!names.insert(name).second) throw Error(ErrorCode::invalid_format, at, "each weight once", "one twice");
    if (!root.value(i).is(PickleKind::tensor)) {
      throw Error(ErrorCode::unsupported, at, "a tensor (a state dict, not a training checkpoint)", "something else");
    }
    auto view = read_tensor(root.value(i), *archive, "data/", at);
    if (!view) throw Error(ErrorCode::unsupported, at, "floating-point numbers or integers", "another kind of numbers");
    result.tensors.push_back({std::move(name), *std::move(view)});
  }
  result.inflated = std::move(archive);
  return result;
}

}  // namespace

StateDict read_state_dict(std::span<const std::byte> bytes, const std::string& where) {
  return guard_memory(where, [&] { return read(bytes, where); });
}

}  // namespace bertrt::archive
