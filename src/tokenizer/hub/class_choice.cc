#include "tokenizer/hub/class_choice.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace bertrt::tokenizer {
namespace {

/// A name that transformers knows.
struct ClassRow {
  std::string_view name;
  std::string_view real_name;
  ClassKind kind;
};

/// A model type and the class that it goes with.
struct TypeRow {
  std::string_view model_type;
  std::string_view class_name;
  bool hub_is_wrong;  ///< what tokenizer_config.json names is known to be wrong
  bool has_config;    ///< transformers has a configuration of this type: without one no class follows from it alone
};

#include "tokenizer/hub/class_table.inc"

const ClassRow* find_class(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kClasses), std::end(kClasses), [&](const ClassRow& row) { return row.name == name; });
  return found == std::end(kClasses) ? nullptr : found;
}

const TypeRow* find_type(std::string_view model_type) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const TypeRow& row) { return row.model_type == model_type; });
  return found == std::end(kTypes) ? nullptr : found;
}

std::string_view without_fast(std::string_view name) {
  if (name.ends_with("Fast")) name.remove_suffix(4);
  return name;
}

bool is_backend(std::string_view real_name) { return real_name == "TokenizersBackend" || real_name == "PythonBackend"; }

ClassChoice plain(std::string reason) { return {"TokenizersBackend", ClassKind::stands, std::move(reason)}; }

ClassChoice of(const ClassRow& row, std::string reason) {
  if (row.real_name == "PythonBackend") return plain(std::move(reason));
  return {std::string(row.real_name), row.kind, std::move(reason)};
}

/// A class that is named; one that transformers does not know counts as none.
ClassChoice named(std::string_view name, std::string reason) {
  const ClassRow* row = find_class(name);
  return row == nullptr ? plain(std::move(reason)) : of(*row, std::move(reason));
}

/// The text is searched, as transformers does it: what it stands for there, a stage or a token, makes no difference.
bool says_byte_level(std::string_view tokenizer_json) {
  return tokenizer_json.find("\"ByteLevel\"") != std::string_view::npos;
}

}  // namespace

ClassChoice choose_class(const ClassHints& hints) {
  const std::string& hub = hints.tokenizer_class.empty() ? hints.config_class : hints.tokenizer_class;
  const std::string reason = hints.tokenizer_class.empty()
                                 ? "config.json: tokenizer_class \"" + hints.config_class + "\""
                                 : "tokenizer_config.json: tokenizer_class \"" + hub + "\"";
  const TypeRow* type = find_type(hints.model_type);
  const std::string of_type = "config.json: model_type \"" + hints.model_type + "\"";
  const TypeRow* by_name = find_type(hints.model_name);
  const bool is_wrong = (type != nullptr && type->hub_is_wrong) || (by_name != nullptr && by_name->hub_is_wrong);
  if (!hints.has_own_code && without_fast(hub) == "LlamaTokenizer" && !is_wrong &&
      (type == nullptr || type->class_name != "MistralCommonBackend") && says_byte_level(hints.tokenizer_json)) {
    return plain(reason);
  }
  if (!hints.has_own_code && !hub.empty() && type != nullptr && without_fast(type->class_name) != without_fast(hub)) {
    const std::string_view registered = without_fast(type->class_name);
    if (registered != "TokenizersBackend" && registered != "MistralCommonBackend") {
      const ClassRow* row = find_class(is_wrong ? registered : std::string_view(hub));
      if (row != nullptr && !is_backend(row->real_name)) return of(*row, is_wrong ? of_type : reason);
    }
    return plain(of_type);
  }
  if (!hints.tokenizer_class.empty()) return named(without_fast(hints.tokenizer_class), reason);
  if (!hints.config_class.empty()) {
    const bool keeps = hints.config_class.find("PreTrainedTokenizerFast") != std::string::npos;
    return named(keeps ? std::string_view(hints.config_class) : without_fast(hints.config_class), reason);
  }
  if (type != nullptr && type->has_config) return named(type->class_name, of_type);
  ClassChoice choice =
      plain(hints.model_type.empty() ? "no file that names a class" : of_type + ", which goes with no class");
  choice.is_guess = true;
  return choice;
}

}  // namespace bertrt::tokenizer
