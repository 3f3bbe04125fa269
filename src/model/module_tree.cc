#include "model/module_tree.h"

#include <set>
#include <string_view>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::model {
namespace {

constexpr std::size_t kMaxDepth = 64;          // of attributes in attributes; a deep encoder has 8
constexpr std::size_t kMaxObjects = 1U << 16;  // an object can be reached many times, so depth alone bounds nothing

// The pieces of a pickled tensor, checked for their kinds only.
struct PickledTensor {
  std::string storage_name;  // "FloatStorage"
  std::string_view key;      // of the storage
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

std::optional<std::vector<std::int64_t>> integers(const archive::PickleValue& tuple) {
  if (!tuple.is(archive::PickleKind::tuple)) return std::nullopt;
  std::vector<std::int64_t> result;
  result.reserve(tuple.size());
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    if (!tuple[i].is(archive::PickleKind::integer)) return std::nullopt;
    result.push_back(tuple[i].integer());
  }
  return result;
}

std::optional<PickledTensor> unpack(const archive::PickleValue& tensor) {
  if (tensor.size() < 4 || !tensor[0].is(archive::PickleKind::storage) || !tensor[1].is(archive::PickleKind::integer))
    return {};
  const archive::PickleValue storage = tensor[0];
  if (storage.size() < 5 || storage[0].text() != "storage" || !storage[1].is(archive::PickleKind::global) ||
      !storage[2].is(archive::PickleKind::text)) {
    return {};
  }
  auto shape = integers(tensor[2]);
  auto strides = integers(tensor[3]);
  if (!shape || !strides) return {};
  PickledTensor result;
  result.storage_name = storage[1].global_name();
  constexpr std::string_view kPrefix = "torch.";
  if (result.storage_name.starts_with(kPrefix)) result.storage_name.erase(0, kPrefix.size());
  result.key = storage[2].text();
  result.offset = tensor[1].integer();
  result.shape = *std::move(shape);
  result.strides = *std::move(strides);
  return result;
}

// A view of one of the archive's storages; nothing for element types that have none.
std::optional<archive::TensorView> make_view(archive::Archive& archive, PickledTensor pickled,
                                             const std::string& folder, const std::string& where) {
  const auto type = archive::storage_element_type(pickled.storage_name);
  if (!type) return std::nullopt;
  archive::TensorView view;
  view.type = *type;
  view.shape = std::move(pickled.shape);
  view.strides = std::move(pickled.strides);
  view.storage_offset = pickled.offset;
  view.storage_key = std::string(pickled.key);
  view.storage = archive.read(folder + view.storage_key);
  std::string problem = archive::check_bounds(view);
  if (!problem.empty()) {
    throw Error(ErrorCode::invalid_format, where, "a tensor inside its storage " + folder + view.storage_key,
                std::move(problem));
  }
  return view;
}

class Walker {
 public:
  Walker(archive::Archive& archive, ModuleTree& tree) : archive_(archive), tree_(tree) {}

  void walk(const archive::PickleValue& object, const std::string& prefix, std::size_t depth) {
    if (depth > kMaxDepth || ++visited_ > kMaxObjects) throw bad(prefix, "a tree of modules", "one without end");
    const std::string path = prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1);
    tree_.classes.emplace(path, object.class_name());
    const std::optional<archive::PickleValue> state = object.state();
    if (!state || !state->is(archive::PickleKind::dict))
      return;  // what a __setstate__ would take; the safety scan reports it
    for (std::size_t i = 0; i < state->size(); ++i) {
      const archive::PickleValue value = state->value(i);
      if (!value.is(archive::PickleKind::object) && !value.is(archive::PickleKind::tensor)) continue;
      if (!state->key(i).is(archive::PickleKind::text)) throw bad(prefix, "attributes with names", "one without");
      const std::string name = prefix + std::string(state->key(i).text());
      if (value.is(archive::PickleKind::object)) {
        walk(value, name + '.', depth + 1);
      } else {
        add_tensor(value, name);
      }
    }
  }

 private:
  Error bad(const std::string& attribute, std::string expected, std::string found) const {
    return Error(ErrorCode::invalid_format, archive_.where("data.pkl") + (attribute.empty() ? "" : ": ") + attribute,
                 std::move(expected), std::move(found));
  }

  void add_tensor(const archive::PickleValue& value, const std::string& name) {
    if (tree_.parameters.size() >= kMaxObjects) throw bad(name, "a model's number of tensors", "far more");
    if (!names_.insert(name).second) throw bad(name, "each attribute once", "two of this name");
    auto pickled = unpack(value);
    if (!pickled) throw bad(name, "a tensor's storage, offset, sizes and strides", "something else");
    const std::string storage_name = pickled->storage_name;
    auto view = make_view(archive_, *std::move(pickled), "data/", archive_.where("data.pkl") + ": " + name);
    if (!view) {
      tree_.findings.push_back(
          {Finding::Severity::warning, "data.pkl",
           "tensor " + name + " has elements of " + storage_name + ", which only the torchscript engine can read"});
      return;
    }
    tree_.parameters.push_back({name, *std::move(view)});
  }

  archive::Archive& archive_;
  ModuleTree& tree_;
  std::set<std::string, std::less<>> names_;
  std::size_t visited_ = 0;
};

}  // namespace

ModuleTree read_module(archive::Archive& archive) {
  const std::string where = archive.where("data.pkl");
  const archive::Pickle pickle(archive.read("data.pkl"), where);
  if (!pickle.root().is(archive::PickleKind::object)) {
    throw Error(ErrorCode::invalid_format, where, "a module", "something else (was it saved by torch.save?)");
  }
  ModuleTree tree;
  tree.class_name = pickle.root().class_name();
  Walker(archive, tree).walk(pickle.root(), "", 0);
  return tree;
}

std::vector<std::optional<archive::TensorView>> read_constants(archive::Archive& archive) {
  const std::string where = archive.where("constants.pkl");
  const archive::Pickle pickle(archive.read("constants.pkl"), where);
  const archive::PickleValue root = pickle.root();
  if (!root.is(archive::PickleKind::tuple)) throw Error(ErrorCode::invalid_format, where, "a tuple", "something else");
  std::vector<std::optional<archive::TensorView>> constants(root.size());
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (!root[i].is(archive::PickleKind::tensor)) continue;
    auto pickled = unpack(root[i]);
    if (pickled) constants[i] = make_view(archive, *std::move(pickled), "constants/", where);
  }
  return constants;
}

std::vector<TracedMethod> read_traced_inputs(archive::Archive& archive) {
  std::vector<TracedMethod> methods;
  if (!archive.has("traced_inputs.pkl")) return methods;
  const archive::Pickle pickle(archive.read("traced_inputs.pkl"), archive.where("traced_inputs.pkl"));
  const archive::PickleValue root = pickle.root();
  for (std::size_t i = 0; root.is(archive::PickleKind::dict) && i < root.size(); ++i) {
    TracedMethod method;
    method.name = std::string(root.key(i).text());
    const archive::PickleValue inputs = root.value(i);
    for (std::size_t k = 0; k < inputs.size() && inputs.is(archive::PickleKind::list); ++k) {
      TracedInput input;
      if (inputs[k].is(archive::PickleKind::tensor)) {
        // The storages are empty: sizes are recorded, data is not. So nothing is checked against a storage here.
        if (auto tensor = unpack(inputs[k])) {
          input.element_type = archive::storage_element_type(tensor->storage_name);
          input.shape = std::move(tensor->shape);
        }
      }
      method.inputs.push_back(std::move(input));
    }
    methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace bertrt::model
