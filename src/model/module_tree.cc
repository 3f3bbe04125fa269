#include "model/module_tree.h"

#include <set>
#include <string_view>
#include <utility>

#include "archive/stored_tensor.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::model {
namespace {

constexpr std::size_t kMaxDepth = 64;          // of attributes in attributes; a deep encoder has 8
constexpr std::size_t kMaxObjects = 1U << 16;  // an object can be reached many times, so depth alone bounds nothing
constexpr std::size_t kMaxPaths = std::size_t{64} << 20;  // bytes of all attribute paths together; traces have 0.1 MB

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
      const std::string_view key = state->key(i).text();
      paths_ += prefix.size() + key.size();
      if (paths_ > kMaxPaths) throw bad(prefix, "names of attributes", "far longer ones than any model's");
      const std::string name = prefix + std::string(key);
      if (value.is(archive::PickleKind::object)) {
        walk(value, name + '.', depth + 1);
      } else {
        add_tensor(value, name);
      }
    }
  }

 private:
  Error bad(const std::string& attribute, std::string expected, std::string found) const {
    return Error(ErrorCode::invalid_format,
                 archive_.where("data.pkl") + (attribute.empty() ? "" : ": ") + base::printable(attribute),
                 std::move(expected), std::move(found));
  }

  void add_tensor(const archive::PickleValue& value, const std::string& name) {
    if (tree_.parameters.size() >= kMaxObjects) throw bad(name, "a model's number of tensors", "far more");
    if (!names_.insert(name).second) throw bad(name, "each attribute once", "two of this name");
    const std::string where = archive_.where("data.pkl") + ": " + base::printable(name);
    auto view = archive::read_tensor(value, archive_, "data/", where);
    if (!view) {
      tree_.findings.push_back({Finding::Severity::warning, "data.pkl",
                                "tensor " + base::printable(name) + " has elements of " +
                                    archive::describe_tensor(value, where).storage_name +
                                    ", which only the torchscript engine can read"});
      return;
    }
    tree_.parameters.push_back({name, *std::move(view)});
  }

  archive::Archive& archive_;
  ModuleTree& tree_;
  std::set<std::string, std::less<>> names_;
  std::size_t visited_ = 0;
  std::size_t paths_ = 0;
};

}  // namespace

ModuleTree read_module(archive::Archive& archive) {
  const std::string where = archive.where("data.pkl");
  archive.check("data/");  // all at once: the tensors below are read one by one
  const archive::Pickle pickle(archive.read("data.pkl"), where);
  if (!pickle.root().is(archive::PickleKind::object)) {
    throw Error(ErrorCode::invalid_format, where, "a module", "something else (was it saved by torch.save?)");
  }
  ModuleTree tree;
  tree.class_name = pickle.root().class_name();
  Walker(archive, tree).walk(pickle.root(), "", 0);
  archive::check_tensors(pickle, archive, "data/", where);  // those in lists and dicts too
  return tree;
}

std::vector<std::optional<archive::TensorView>> read_constants(archive::Archive& archive) {
  const std::string where = archive.where("constants.pkl");
  const archive::Pickle pickle(archive.read("constants.pkl"), where);
  const archive::PickleValue root = pickle.root();
  if (!root.is(archive::PickleKind::tuple)) throw Error(ErrorCode::invalid_format, where, "a tuple", "something else");
  std::vector<std::optional<archive::TensorView>> constants(root.size());
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (root[i].is(archive::PickleKind::tensor)) {
      constants[i] = archive::read_tensor(root[i], archive, "constants/", where);
    }
  }
  archive::check_tensors(pickle, archive, "constants/", where);
  return constants;
}

std::vector<TracedMethod> read_traced_inputs(archive::Archive& archive) {
  std::vector<TracedMethod> methods;
  if (!archive.has("traced_inputs.pkl")) return methods;
  const std::string where = archive.where("traced_inputs.pkl");
  const archive::Pickle pickle(archive.read("traced_inputs.pkl"), where);
  const archive::PickleValue root = pickle.root();
  for (std::size_t i = 0; root.is(archive::PickleKind::dict) && i < root.size(); ++i) {
    TracedMethod method;
    method.name = std::string(root.key(i).text());
    const archive::PickleValue inputs = root.value(i);
    for (std::size_t k = 0; k < inputs.size() && inputs.is(archive::PickleKind::list); ++k) {
      TracedInput input;
      if (inputs[k].is(archive::PickleKind::tensor)) {
        // The storages are empty: sizes are recorded, data is not. So nothing is checked against a storage here.
        auto tensor = archive::describe_tensor(inputs[k], where);
        input.element_type = tensor.type;
        input.shape = std::move(tensor.shape);
      }
      method.inputs.push_back(std::move(input));
    }
    methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace bertrt::model
