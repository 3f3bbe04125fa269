#include "model/manifest.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::model {
namespace {

using Json = nlohmann::json;

constexpr int kNewestFormat = 1;
// A classifier of a hundred thousand labels is well within.
constexpr base::JsonLimits kLimits{.depth = 64, .bytes = std::size_t{16} << 20, .elements = std::size_t{1} << 20};

// One object of the manifest. A key that is missing keeps the field's default; one of another type is an error.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) throw bad(where_, "an object", object_.type_name());
  }

  static Error bad(const std::string& where, std::string expected, std::string found) {
    return Error(ErrorCode::invalid_format, where, std::move(expected), std::move(found));
  }

  const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  Json child(const char* key) const {
    const Json* value = find(key);
    return value == nullptr ? Json::object() : *value;
  }
  std::string where(const char* key) const { return where_ + "." + key; }

  void read(const char* key, std::string& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    field = text(*value, key);
  }
  /// @throws Error unless what was read is one of these, or empty
  void one_of(const char* key, std::string_view read, std::initializer_list<std::string_view> known) const {
    if (read.empty() || std::find(known.begin(), known.end(), read) != known.end()) return;
    std::string expected;
    for (const std::string_view one : known) expected.append(expected.empty() ? "" : ", ").append(one);
    throw bad(where(key), expected, base::printable(read));
  }

  void read(const char* key, std::size_t& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    // Sizes of real models stay far below 2^31; so products of two of them do not overflow.
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > 0x7fffffffU) {
      throw bad(where(key), "a whole number from 0 to 2147483647", base::printable(value->dump(-1, ' ', true)));
    }
    field = value->get<std::size_t>();
  }
  void read(const char* key, std::int64_t& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_number_integer()) throw bad(where(key), "a whole number", value->type_name());
    field = value->get<std::int64_t>();
  }
  void read(const char* key, double& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_number()) throw bad(where(key), "a number", value->type_name());
    field = value->get<double>();
  }
  void read(const char* key, std::vector<std::string>& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) throw bad(where(key), "a list of texts", value->type_name());
    field.clear();
    for (const Json& item : *value) {
      field.push_back(text(item, key));
    }
  }
  /// Pairs of a text and a number, in order.
  void read(const char* key, std::vector<std::pair<std::string, std::int64_t>>& field) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) throw bad(where(key), "a list of pairs", value->type_name());
    for (const Json& item : *value) {
      if (!item.is_array() || item.size() != 2 || !item[1].is_number_integer()) {
        throw bad(where(key), "pairs of a text and a whole number", base::printable(item.dump(-1, ' ', true)));
      }
      field.emplace_back(text(item[0], key), item[1].get<std::int64_t>());
    }
  }

 private:
  // What a manifest says is shown to people.
  std::string text(const Json& value, const char* key) const {
    if (!value.is_string()) throw bad(where(key), "a text", value.type_name());
    const auto& found = value.get_ref<const std::string&>();
    if (const auto problem = base::problem_of_text(found); !problem.empty()) {
      throw bad(where(key), "a text that can be shown", std::string(problem) + ": " + base::printable(found));
    }
    return found;
  }

  const Json& object_;
  std::string where_;
};

EncoderConfig read_config(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  EncoderConfig config;
  fields.read("hidden_size", config.hidden_size);
  fields.read("num_hidden_layers", config.num_hidden_layers);
  fields.read("num_attention_heads", config.num_attention_heads);
  fields.read("intermediate_size", config.intermediate_size);
  fields.read("vocab_size", config.vocab_size);
  fields.read("max_position_embeddings", config.max_position_embeddings);
  fields.read("type_vocab_size", config.type_vocab_size);
  config.embedding_size = config.hidden_size;
  fields.read("embedding_size", config.embedding_size);
  fields.read("hidden_act", config.hidden_act);
  fields.read("layer_norm_eps", config.layer_norm_eps);
  fields.read("pad_token_id", config.pad_token_id);
  fields.read("position_scheme", config.position_scheme);
  fields.read("relative_attention_num_buckets", config.relative_attention_num_buckets);
  return config;
}

Manifest read_manifest(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  Manifest manifest;
  std::size_t version = 0;
  fields.read("format_version", version);
  if (version == 0) throw Fields::bad(fields.where("format_version"), "a version from 1", "none");
  if (version > kNewestFormat) {
    throw Error(ErrorCode::unsupported, fields.where("format_version"),
                "a bundle of version " + std::to_string(kNewestFormat) + " or older", std::to_string(version));
  }
  manifest.format_version = static_cast<int>(version);
  fields.read("producer", manifest.producer);
  fields.read("architecture", manifest.architecture);
  fields.read("task", manifest.task);
  fields.read("labels", manifest.labels);
  fields.read("label_ids", manifest.label_ids);
  fields.read("activation", manifest.activation);
  fields.read("problem_type", manifest.problem_type);
  fields.one_of("problem_type", manifest.problem_type,
                {"regression", "single_label_classification", "multi_label_classification"});
  fields.read("dtype", manifest.dtype);
  fields.one_of("dtype", manifest.dtype, {"float32", "float16", "bfloat16", "int8"});
  manifest.config = read_config(fields.child("config"), fields.where("config"));

  const Json traced_json = fields.child("traced");
  const Fields traced(traced_json, fields.where("traced"));
  traced.read("batch", manifest.traced_batch);
  traced.read("length", manifest.traced_length);

  const Json lengths_json = fields.child("lengths");
  const Fields lengths(lengths_json, fields.where("lengths"));
  lengths.read("min", manifest.proven_min);
  lengths.read("max", manifest.proven_max);
  lengths.read("why", manifest.proven_why);

  const Json methods_json = fields.child("methods");
  const Fields methods(methods_json, fields.where("methods"));
  for (const auto& [name, value] : methods_json.items()) {
    const Fields method_fields(value, methods.where(base::printable(name).c_str()));
    ManifestMethod method;
    method_fields.read("inputs", method.inputs);
    method_fields.read("outputs", method.outputs);
    manifest.methods.emplace(name, std::move(method));
  }
  return manifest;
}

}  // namespace

std::string_view head_of(std::string_view task) noexcept {
  if (task == "sparse") return "masked-lm";
  if (task == "sentence-embedding" || task == "multi-vector") return "encoder";
  return task;
}

Manifest parse_manifest(std::string_view json, std::string_view where) {
  const std::string name(where);
  return read_manifest(base::parse_json(json, name, kLimits), name);
}

}  // namespace bertrt::model
