#include <algorithm>
#include <utility>

#include "archive/byte_reader.h"
#include "graph/torchscript/messages.h"
#include "graph/torchscript/module.h"

namespace bertrt::graph::torchscript {
namespace {

using archive::PickleKind;
using archive::PickleValue;

constexpr std::size_t kMaxDepth = 64;              // of objects in objects; a deep encoder has 8
constexpr std::size_t kMaxObjects = 1U << 16U;     // one can be reached many times, so depth alone bounds nothing
constexpr std::size_t kMaxAttributes = 1U << 20U;  // of all objects together
constexpr std::size_t kMaxValues = 1U << 22U;      // that are looked at
constexpr std::size_t kMaxPath = 1024;             // bytes
constexpr std::size_t kMaxCode = 256U << 20U;      // bytes

// Its class is none of the file's: it has a state and no attributes.
bool made_by_libtorch(const PickleValue& object) { return object.class_name().starts_with("__torch__.torch.classes."); }

class Reader {
 public:
  Reader(archive::Archive& archive, Module& module) : archive_(archive), module_(module) {}

  void read() {
    module_.name = printable(archive_.name());
    module_.version = read_version(archive_);
    module_.data = std::make_unique<archive::Pickle>(archive_.read("data.pkl"), archive_.where("data.pkl"));
    const PickleValue root = module_.data->root();
    if (!root.is(PickleKind::object)) {
      throw malformed(archive_.where("data.pkl"), "a module", "something else (was it saved by torch.save?)");
    }
    read_object(root, "", 0);
    const Object& top = module_.objects.front();
    if (top.code == nullptr) {
      throw malformed(archive_.name(), "code of class " + printable(top.class_name), "none");
    }
    if (archive_.has("constants.pkl")) {
      const std::string where = archive_.where("constants.pkl");
      module_.constants = std::make_unique<archive::Pickle>(archive_.read("constants.pkl"), where);
      const PickleValue constants = module_.constants->root();
      if (!constants.is(PickleKind::tuple)) throw malformed(where, "a tuple", "something else");
      check_tensors(constants, module_.constant_storages, where, 0);
    }
    module_.examples = read_traced_inputs(archive_);
  }

 private:
  Error bad(const std::string& path, std::string expected, std::string found) const {
    return malformed(archive_.where("data.pkl") + (path.empty() ? "" : ": " + printable(path)), std::move(expected),
                     std::move(found));
  }

  // Reads an entry of code, and those that it refers to, so that nothing needs to be read later.
  const CodeFile* file_of(std::string_view full_name) {
    std::vector<std::string> wanted = {code_entry_of(full_name)};
    while (!wanted.empty()) {
      const std::string entry = std::move(wanted.back());
      wanted.pop_back();
      if (entry.empty() || module_.files.contains(entry) || !archive_.has(entry)) continue;
      const std::string_view text = archive::as_text(archive_.read(entry));
      code_bytes_ += text.size();
      if (code_bytes_ > kMaxCode) throw malformed(archive_.name(), "code of at most 256 MB", "more");
      auto file = std::make_unique<CodeFile>(text, entry, module_.where(entry));
      module_.files.emplace(entry, std::move(file));
      add_references(text, wanted);
    }
    return module_.file_of(full_name);
  }

  void add_references(std::string_view text, std::vector<std::string>& wanted) const {
    constexpr std::string_view kStart = "__torch__.";
    for (std::size_t at = text.find(kStart); at != std::string_view::npos;) {
      std::size_t end = at;
      while (end < text.size() && (text[end] == '.' || text[end] == '_' || (text[end] >= '0' && text[end] <= '9') ||
                                   (text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z'))) {
        ++end;
      }
      std::string entry = code_entry_of(text.substr(at, end - at));
      const bool known = entry.empty() || module_.files.contains(entry) || !archive_.has(entry);
      if (!known && (wanted.empty() || wanted.back() != entry)) wanted.push_back(std::move(entry));
      at = text.find(kStart, end);
    }
  }

  std::uint32_t read_object(const PickleValue& value, const std::string& path, std::size_t depth) {
    if (depth > kMaxDepth || module_.objects.size() >= kMaxObjects || path.size() > kMaxPath) {
      throw bad(path.substr(0, 64), "a tree of modules", "one without end");
    }
    const auto index = static_cast<std::uint32_t>(module_.objects.size());
    Object object;
    object.path = path;
    object.class_name = value.class_name();
    object.file = file_of(object.class_name);
    if (object.file != nullptr) {
      object.code =
          object.file->find_class(std::string_view(object.class_name).substr(object.class_name.rfind('.') + 1));
    }
    module_.objects.push_back(object);
    const auto state = value.state();
    if (object.code == nullptr) {
      object.opaque = "class " + printable(object.class_name) + " has no code in the file";
    } else if (object.file->find_method(*object.code, "__setstate__") != nullptr || !state ||
               !state->is(PickleKind::dict)) {
      object.opaque = "the attributes of class " + printable(object.class_name) + " are made by code (__setstate__)";
    } else {
      read_attributes(object, *state, depth);
    }
    module_.objects[index] = std::move(object);
    return index;
  }

  void read_attributes(Object& object, const PickleValue& state, std::size_t depth) {
    attributes_ += state.size();
    if (attributes_ > kMaxAttributes) throw bad(object.path, "a model's number of attributes", "far more");
    const std::string prefix = object.path.empty() ? "" : object.path + '.';
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (!state.key(i).is(PickleKind::text)) throw bad(object.path, "attributes with names", "one without");
      Attribute attribute{state.key(i).text(), state.value(i), std::nullopt};
      if (prefix.size() + attribute.name.size() > kMaxPath)
        throw bad(prefix.substr(0, 64), "an attribute's name", "a book");
      if (attribute.name.empty() || attribute.name.find('.') != std::string_view::npos) {
        throw bad(object.path, "an attribute's name without points", quoted(attribute.name));
      }
      const std::string path = prefix + std::string(attribute.name);
      check_kind(object, attribute, path);
      if (attribute.value.is(PickleKind::object) && !made_by_libtorch(attribute.value)) {
        attribute.object = read_object(attribute.value, path, depth + 1);
      } else if (attribute.value.is(PickleKind::tensor)) {
        add_tensor(attribute, path);
      } else {
        check_tensors(attribute.value, module_.data_storages, archive_.where("data.pkl") + ": " + printable(path), 0);
      }
      object.attributes.push_back(std::move(attribute));
    }
    auto& list = object.attributes;
    std::sort(list.begin(), list.end(), [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(list.begin(), list.end(),
                                          [](const Attribute& a, const Attribute& b) { return a.name == b.name; });
    if (twice != list.end()) throw bad(prefix + std::string(twice->name), "each attribute once", "two of this name");
    // As many as are declared, each of them declared: none is missing.
    for (std::uint32_t i = object.code->first_declaration; i < object.code->last_declaration; ++i) {
      const Declaration& declared = object.file->declaration(i);
      if (!declared.constant && object.find(declared.name) == nullptr) {
        throw bad(prefix + std::string(declared.name), "a value of the attribute", "none");
      }
    }
  }

  void check_kind(const Object& object, Attribute& attribute, const std::string& path) {
    const Declaration* declared = object.file->find_declaration(*object.code, attribute.name);
    if (declared == nullptr || declared->constant) throw bad(path, "an attribute that its class declares", "another");
    Lexer lexer = object.file->at(*declared);
    Token token = lexer.next();
    const Type type = parse_type(lexer, token);
    switch (fits(type, attribute.value, values_)) {
      case Fit::yes: break;
      case Fit::no: throw bad(path, "a value of the declared type " + printable(type.name), "one of another kind");
      case Fit::unknown: attribute.usable = false; break;
    }
  }

  void add_tensor(const Attribute& attribute, const std::string& path) {
    module_.data_storages.check(archive_, attribute.value, archive_.where("data.pkl") + ": " + printable(path));
    auto view = module_.data_storages.view(attribute.value);
    if (view) {
      module_.tensors.push_back({path, *std::move(view)});
    } else {
      module_.findings.push_back("tensor " + printable(path) + " has elements of a type that is not known here");
    }
  }

  // Tensors in lists, dicts and tuples are held to their records as any other.
  void check_tensors(const PickleValue& value, Storages& storages, const std::string& where, std::size_t depth) {
    if (depth > kMaxDepth || values_ == 0) throw malformed(where, "a value", "one that is nested without end");
    --values_;
    if (value.is(PickleKind::tensor)) {
      storages.check(archive_, value, where);
    } else if (value.is(PickleKind::quantized_tensor)) {
      storages.check(archive_, value, where);
      if (value.size() > 4) check_tensors(value[4], storages, where, depth + 1);  // its scales
    } else if (value.is(PickleKind::object)) {
      if (const auto state = value.state()) check_tensors(*state, storages, where, depth + 1);
    } else if (value.is(PickleKind::list) || value.is(PickleKind::tuple)) {
      for (std::size_t i = 0; i < value.size(); ++i) check_tensors(value[i], storages, where, depth + 1);
    } else if (value.is(PickleKind::dict)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check_tensors(value.key(i), storages, where, depth + 1);
        check_tensors(value.value(i), storages, where, depth + 1);
      }
    }
  }

  archive::Archive& archive_;
  Module& module_;
  std::size_t attributes_ = 0;
  std::size_t values_ = kMaxValues;
  std::size_t code_bytes_ = 0;
};

}  // namespace

std::shared_ptr<const Module> read_module(archive::Archive& archive, std::shared_ptr<const void> keep) {
  auto module = std::make_shared<Module>();
  module->keep = std::move(keep);
  Reader(archive, *module).read();
  return module;
}

}  // namespace bertrt::graph::torchscript
