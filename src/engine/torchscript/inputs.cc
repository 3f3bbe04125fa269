#include "engine/torchscript/inputs.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/input_names.h"
#include "bertrt/error.h"

namespace bertrt::engine::torchscript {
namespace {

struct KnownName {
  std::string_view name;
  InputRole role;
};

// Hugging Face's names, and those of the old tutorials and of Google's BERT.
constexpr std::array kKnownNames = {
    KnownName{"input_ids", InputRole::input_ids},
    KnownName{"tokens_tensor", InputRole::input_ids},
    KnownName{"token_ids", InputRole::input_ids},
    KnownName{"attention_mask", InputRole::attention_mask},
    KnownName{"input_mask", InputRole::attention_mask},
    KnownName{"token_type_ids", InputRole::token_type_ids},
    KnownName{"segments_tensors", InputRole::token_type_ids},
    KnownName{"segment_ids", InputRole::token_type_ids},
    KnownName{"position_ids", InputRole::position_ids},
};

at::ScalarType scalar_type(archive::ElementType type) {
  switch (type) {
    case archive::ElementType::float32: return at::kFloat;
    case archive::ElementType::float16: return at::kFloat;  // halves are widened
    case archive::ElementType::bfloat16: return at::kBFloat16;
    case archive::ElementType::float64: return at::kDouble;
    case archive::ElementType::int64: return at::kLong;
    case archive::ElementType::int32: return at::kInt;
    case archive::ElementType::int16: return at::kShort;
    case archive::ElementType::int8: return at::kChar;
    case archive::ElementType::uint8: return at::kByte;
    case archive::ElementType::boolean: return at::kBool;
  }
  return at::kLong;
}

std::string join(const std::vector<InputSlot>& slots) {
  std::string names;
  for (const InputSlot& slot : slots) names += (names.empty() ? "" : ", ") + slot.name;
  return names.empty() ? "no inputs" : "inputs " + names;
}

InputSlot make_slot(const c10::Argument& argument, std::string_view name, const model::InputSpec* recorded,
                    const std::string& where) {
  InputSlot slot;
  slot.name = name;
  const auto known =
      std::find_if(kKnownNames.begin(), kKnownNames.end(), [&](const KnownName& entry) { return entry.name == name; });
  const bool tensor = argument.type()->isSubtypeOf(*c10::OptionalType::ofTensor());
  if (known != kKnownNames.end() && tensor) {
    slot.role = known->role;
    slot.name = base::kTextInputs[static_cast<std::size_t>(known->role)];
  } else if (argument.type()->kind() == c10::TypeKind::TensorType) {
    slot.role = InputRole::extra;
  } else if (argument.default_value() || argument.type()->kind() == c10::TypeKind::OptionalType) {
    slot.otherwise = argument.default_value().value_or(c10::IValue());
  } else {
    throw Error(ErrorCode::unsupported, where, "inputs that are tensors or have a default",
                slot.name + " of type " + argument.type()->str());
  }
  if (recorded != nullptr && recorded->element_type) slot.dtype = scalar_type(*recorded->element_type);
  slot.dtype_known = recorded != nullptr && recorded->element_type;
  if (slot.role == InputRole::extra && recorded != nullptr && recorded->traced_shape.size() > 2) {
    slot.width.assign(recorded->traced_shape.begin() + 2, recorded->traced_shape.end());
  }
  return slot;
}

std::size_t elements(const std::vector<std::int64_t>& width) {
  std::size_t product = 1;
  for (const std::int64_t size : width) product *= static_cast<std::size_t>(size);
  return product;
}

const NamedInput* find_extra(const batch::Batch& batch, std::string_view name) {
  const auto found = std::find_if(batch.extra_inputs.begin(), batch.extra_inputs.end(),
                                  [&](const NamedInput& extra) { return extra.name == name; });
  return found == batch.extra_inputs.end() ? nullptr : &*found;
}

// One text's values into a row of a dense tensor that holds the padding value already.
template <typename T, typename U>
void copy_row(std::span<const T> values, U* row) {
  std::copy(values.begin(), values.end(), row);
}

// An extra input of floats: [rows, length, width], zeros behind a text's tokens.
at::Tensor real_input(const NamedInput& extra, const batch::Batch& batch, const batch::Group& group, at::Tensor tensor,
                      std::size_t length) {
  auto* data = tensor.mutable_data_ptr<float>();
  const auto rows = static_cast<std::size_t>(tensor.size(0));
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t text = group.texts[row < group.texts.size() ? row : 0];
    copy_row(std::span<const float>(extra.real_values)
                 .subspan((*batch.row_offsets)[text] * extra.width, batch.length(text) * extra.width),
             data + row * length * extra.width);
  }
  return tensor;
}

}  // namespace

std::string_view without_suffix(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == name.size()) return name;
  const auto digits = name.substr(dot + 1);
  const bool number = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? name.substr(0, dot) : name;
}

InputMap::InputMap(const torch::jit::Method& method, const model::Method* recorded,
                   const std::vector<std::string>& names, const ModelTraits& traits, const std::string& where)
    : pad_token_id_(traits.pad_token_id), first_position_(traits.first_position) {
  const auto& arguments = method.function().getSchema().arguments();  // the first is the module itself
  if (!names.empty() && names.size() + 1 != arguments.size()) {
    throw Error(ErrorCode::invalid_argument, "TorchScriptOptions::input_names",
                "a name for each of the trace's " + std::to_string(arguments.size() - 1) + " inputs",
                std::to_string(names.size()));
  }
  const std::vector<std::string>& read =
      names.empty() && traits.inputs.size() + 1 == arguments.size() ? traits.inputs : names;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const bool known = recorded != nullptr && recorded->inputs.size() + 1 == arguments.size();
    const std::string_view name = read.empty() ? without_suffix(arguments[i].name()) : read[i - 1];
    slots_.push_back(make_slot(arguments[i], name, known ? &recorded->inputs[i - 1] : nullptr, where));
  }
  if (!takes(InputRole::input_ids)) {
    throw Error(ErrorCode::model_mismatch, where,
                "a trace with an input called input_ids (TorchScriptOptions::input_names names them otherwise)",
                join(slots_));
  }
}

bool InputMap::takes(InputRole role) const noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [&](const InputSlot& slot) { return slot.role == role; });
}

std::vector<std::string> InputMap::names() const {
  std::vector<std::string> names;
  for (const InputSlot& slot : slots_) {
    if (slot.role != InputRole::absent) names.push_back(slot.name);
  }
  return names;
}

void InputMap::check(const batch::Batch& batch) const {
  const auto reject = [](std::string where, std::string expected, std::string found) {
    throw Error(ErrorCode::invalid_argument, std::move(where), std::move(expected), std::move(found));
  };
  if (!batch.attention_mask.empty() && !takes(InputRole::attention_mask)) {
    reject("attention_mask", "ones for every token (the trace takes no mask)", "a zero before the last token");
  }
  if (!batch.position_ids.empty() && !takes(InputRole::position_ids)) {
    reject("position_ids", "none (the trace does not take them)", "some");
  }
  for (const NamedInput& extra : batch.extra_inputs) {
    const bool taken = std::any_of(slots_.begin(), slots_.end(), [&](const InputSlot& slot) {
      return slot.role == InputRole::extra && slot.name == extra.name;
    });
    if (!taken) reject("extra input " + extra.name, "one of the trace's " + join(slots_), "a name that it lacks");
  }
  for (const InputSlot& slot : slots_) {
    if (slot.role != InputRole::extra) continue;
    const NamedInput* extra = find_extra(batch, slot.name);
    if (extra == nullptr) {
      reject("extra input " + slot.name, "values in Encoding::extra_inputs (the trace takes them)", "none");
    } else if (extra->width != elements(slot.width)) {
      reject("extra input " + slot.name, "width " + std::to_string(elements(slot.width)), std::to_string(extra->width));
    } else if (!extra->real_values.empty() && slot.dtype_known && !at::isFloatingType(slot.dtype)) {
      reject("extra input " + slot.name, "integers (the trace was made with them)", "floats");
    }
  }
}

std::vector<c10::IValue> InputMap::make(const batch::Batch& batch, const batch::Group& group, std::size_t rows,
                                        std::size_t length, c10::Device device) const {
  const auto shape = [&](const InputSlot& slot) {
    std::vector<std::int64_t> sizes = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(length)};
    sizes.insert(sizes.end(), slot.width.begin(), slot.width.end());
    return sizes;
  };
  std::vector<c10::IValue> arguments;
  arguments.reserve(slots_.size());
  for (const InputSlot& slot : slots_) {
    if (slot.role == InputRole::absent) {
      arguments.push_back(slot.otherwise);
      continue;
    }
    const NamedInput* extra = slot.role == InputRole::extra ? find_extra(batch, slot.name) : nullptr;
    if (extra != nullptr && !extra->real_values.empty()) {
      arguments.emplace_back(real_input(*extra, batch, group, at::zeros(shape(slot), at::kFloat), length)
                                 .to(device, slot.dtype_known ? slot.dtype : at::kFloat));
      continue;
    }
    const std::int64_t padding = slot.role == InputRole::input_ids ? pad_token_id_ : 0;
    at::Tensor tensor = at::full(shape(slot), padding, at::kLong);
    auto* data = tensor.mutable_data_ptr<std::int64_t>();
    const std::size_t width = elements(slot.width);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t text = group.texts[row < group.texts.size() ? row : 0];
      const std::size_t first = (*batch.row_offsets)[text];
      const std::size_t tokens = batch.length(text);
      std::int64_t* out = data + row * length * width;
      const auto part = [&](const std::vector<std::int32_t>& values) {
        return std::span<const std::int32_t>(values).subspan(first, tokens);
      };
      switch (slot.role) {
        case InputRole::input_ids: copy_row(part(batch.input_ids), out); break;
        case InputRole::token_type_ids: copy_row(part(batch.token_type_ids), out); break;
        case InputRole::attention_mask:
          if (batch.attention_mask.empty()) {
            std::fill_n(out, tokens, std::int64_t{1});
          } else {
            copy_row(part(batch.attention_mask), out);
          }
          break;
        case InputRole::position_ids:
          if (batch.position_ids.empty()) {
            for (std::size_t i = 0; i < tokens; ++i) out[i] = first_position_ + static_cast<std::int64_t>(i);
          } else {
            copy_row(part(batch.position_ids), out);
          }
          break;
        case InputRole::extra:
          copy_row(std::span<const std::int64_t>(extra->values).subspan(first * width, tokens * width), out);
          break;
        case InputRole::absent: break;
      }
    }
    arguments.emplace_back(tensor.to(device, slot.dtype));
  }
  return arguments;
}

}  // namespace bertrt::engine::torchscript
