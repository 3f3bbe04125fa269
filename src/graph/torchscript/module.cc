#include "graph/torchscript/module.h"

#include <algorithm>
#include <utility>

#include "archive/byte_reader.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

int parse_version(archive::Archive& archive, std::string_view entry) {
  std::string_view text = archive::as_text(archive.read(entry));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const bool number =
      !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) throw malformed(archive.where(entry), "a version's number", quoted(text));
  return std::stoi(std::string(text));
}

// The storages are empty: sizes are recorded, data is not. So nothing is held against a record here.
TracedInput example_of(const archive::PickleValue& value, std::string name, const std::string& where) {
  TracedInput input;
  input.name = std::move(name);
  if (value.is(archive::PickleKind::tensor)) {
    archive::TensorDescription tensor = archive::describe_tensor(value, where);
    input.type = tensor.type;
    input.shape = std::move(tensor.shape);
  }
  return input;
}

// use(value, key): of inputs that stand in a dict, a tuple or a list, each by itself; keys are a dict's.
template <typename Use>
void each_input(const archive::PickleValue& value, const Use& use) {
  using archive::PickleKind;
  if (value.is(PickleKind::dict)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const archive::PickleValue key = value.key(i);
      use(value.value(i), key.is(PickleKind::text) ? std::string(key.text()) : std::string());
    }
  } else if (value.is(PickleKind::tuple) || value.is(PickleKind::list)) {
    for (std::size_t i = 0; i < value.size(); ++i) use(value[i], std::string());
  } else {
    use(value, std::string());
  }
}

}  // namespace

const Attribute* Object::find(std::string_view wanted) const {
  const auto found = std::lower_bound(attributes.begin(), attributes.end(), wanted,
                                      [](const Attribute& a, std::string_view n) { return a.name < n; });
  return found != attributes.end() && found->name == wanted ? &*found : nullptr;
}

std::string Module::where(std::string_view entry) const { return name + ": " + printable(entry); }

const CodeFile* Module::file_of(std::string_view full_name) const {
  const auto found = files.find(code_entry_of(full_name));
  return found == files.end() ? nullptr : found->second.get();
}

std::string code_entry_of(std::string_view full_name) {
  const std::size_t last = full_name.rfind('.');
  if (!full_name.starts_with("__torch__.") || full_name.find("..") != std::string_view::npos ||
      last + 1 == full_name.size()) {
    return {};
  }
  std::string entry = "code/";
  entry += full_name.substr(0, last);
  std::replace(entry.begin(), entry.end(), '.', '/');
  return entry + ".py";
}

int read_version(archive::Archive& archive) {
  constexpr int kNewest = 10;
  // ".data/version" is where newer writers put it; the old place is still read by old readers.
  const bool has_new = archive.has(".data/version");
  const bool has_old = archive.has("version");
  if (!has_new && !has_old) throw malformed(archive.name(), "an entry version", "none");
  const int version = parse_version(archive, has_new ? ".data/version" : "version");
  if (has_new && has_old && parse_version(archive, "version") != version) {
    throw Error(ErrorCode::unsupported, archive.name(), "one version of the format",
                "entries .data/version and version that disagree");
  }
  if (version < 1 || version > kNewest) {
    throw Error(ErrorCode::unsupported, archive.name(), "a version of the format from 1 to " + std::to_string(kNewest),
                std::to_string(version));
  }
  return version;
}

std::map<std::string, TracedExample, std::less<>> read_traced_inputs(archive::Archive& archive) {
  using archive::PickleKind;
  std::map<std::string, TracedExample, std::less<>> examples;
  if (!archive.has("traced_inputs.pkl")) return examples;
  const std::string where = archive.where("traced_inputs.pkl");
  const archive::Pickle pickle(archive.read("traced_inputs.pkl"), where);
  const archive::PickleValue root = pickle.root();
  std::size_t budget = 1U << 16U;
  for (std::size_t i = 0; root.is(PickleKind::dict) && i < root.size(); ++i) {
    TracedExample example;
    const archive::PickleValue inputs = root.value(i);
    for (std::size_t k = 0; inputs.is(PickleKind::list) && k < inputs.size(); ++k) {
      each_input(inputs[k], [&](const archive::PickleValue& value, std::string key) {
        if (budget-- == 0) throw malformed(where, "a method's examples", "far more");
        example.inputs.push_back(example_of(value, std::move(key), where));
      });
    }
    examples.emplace(root.key(i).text(), std::move(example));
  }
  return examples;
}

const std::vector<NamedTensor>& tensors(const Module& module) { return module.tensors; }

std::map<std::string, std::string> classes(const Module& module) {
  std::map<std::string, std::string> result;
  for (const Object& object : module.objects) result.emplace(object.path, object.class_name);
  return result;
}

int version(const Module& module) { return module.version; }

std::optional<bool> training(const Module& module) {
  const Attribute* found = module.objects.front().find("training");
  if (found == nullptr || !found->value.is(archive::PickleKind::boolean)) return std::nullopt;
  return found->value.boolean();
}

const std::vector<std::string>& findings(const Module& module) { return module.findings; }

}  // namespace bertrt::graph::torchscript
