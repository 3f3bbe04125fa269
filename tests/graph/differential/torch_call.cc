#include "differential/torch_call.h"

#include <torch/csrc/jit/runtime/operator.h>
#include <torch/torch.h>

#include <map>

#include "graph/operators/loops.h"

namespace bertrt::graph {
namespace {

at::ScalarType scalar_type(ElementType type) {
  switch (type) {
    case ElementType::float64: return at::kDouble;
    case ElementType::int64: return at::kLong;
    case ElementType::int32: return at::kInt;
    case ElementType::int16: return at::kShort;
    case ElementType::int8: return at::kChar;
    case ElementType::uint8: return at::kByte;
    case ElementType::boolean: return at::kBool;
    default: return at::kFloat;
  }
}

ElementType element_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return ElementType::float32;
    case at::kDouble: return ElementType::float64;
    case at::kLong: return ElementType::int64;
    case at::kInt: return ElementType::int32;
    case at::kShort: return ElementType::int16;
    case at::kChar: return ElementType::int8;
    case at::kByte: return ElementType::uint8;
    case at::kBool: return ElementType::boolean;
    default: throw std::runtime_error("a type that is not ours");
  }
}

// Of none both addresses may be null, which memcpy does not take.
void copy_bytes(void* to, const void* from, std::size_t count) {
  if (count != 0) std::memcpy(to, from, count);
}

at::Tensor to_torch(const Tensor& tensor) {
  const Storage& storage = *tensor.storage();
  at::Tensor base = at::empty({storage.elements()}, scalar_type(tensor.type()));
  copy_bytes(base.data_ptr(), storage.data(),
             static_cast<std::size_t>(storage.elements()) * archive::element_size(storage.type()));
  at::Tensor view = base.as_strided(tensor.sizes(), tensor.strides(), tensor.offset());
  if (tensor.wrapped_number) {
    view = view.clone();
    view.unsafeGetTensorImpl()->set_wrapped_number(true);
  }
  return view;
}

Tensor from_torch(const at::Tensor& tensor) {
  const Sizes sizes(tensor.sizes().begin(), tensor.sizes().end());
  const Sizes strides(tensor.strides().begin(), tensor.strides().end());
  const auto elements = static_cast<std::int64_t>(tensor.storage().nbytes() / tensor.element_size());
  const auto storage = Storage::make(element_type(tensor.scalar_type()), elements);
  copy_bytes(storage->mutable_data(), tensor.storage().data(),
             static_cast<std::size_t>(elements) * tensor.element_size());
  return Tensor(storage, sizes, strides, tensor.storage_offset());
}

c10::IValue to_ivalue(const Value& value) {
  if (value.none()) return {};
  if (value.boolean()) return *value.boolean();
  if (value.integer()) return *value.integer();
  if (value.real()) return *value.real();
  if (value.text()) return *value.text();
  if (value.device()) return c10::Device(value.device()->name);
  if (value.tensor()) return to_torch(*value.tensor());
  const std::vector<Value>& items = value.list()->items;
  // A list has the type of its items; with None among them it is one of optional tensors.
  bool tensors = false;
  bool optional = false;
  for (const Value& item : items) {
    tensors = tensors || item.tensor() != nullptr;
    optional = optional || item.none();
  }
  if (optional) {
    c10::List<std::optional<at::Tensor>> list;
    for (const Value& item : items) {
      list.push_back(item.none() ? std::nullopt : std::optional<at::Tensor>(to_torch(*item.tensor())));
    }
    return list;
  }
  if (tensors) {
    c10::List<at::Tensor> list;
    for (const Value& item : items) list.push_back(to_torch(*item.tensor()));
    return list;
  }
  if (!items.empty() && items[0].real()) {
    c10::List<double> list;
    for (const Value& item : items) list.push_back(*item.real());
    return list;
  }
  c10::List<std::int64_t> list;
  for (const Value& item : items) list.push_back(*item.integer());
  return list;
}

void flatten_into(const c10::IValue& value, std::vector<Value>& all) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) all.emplace_back(from_torch(value.toTensor()));
  } else if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) flatten_into(item, all);
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) flatten_into(item, all);
  } else if (value.isInt()) {
    all.emplace_back(value.toInt());
  } else if (value.isDouble()) {
    all.emplace_back(value.toDouble());
  } else if (value.isBool()) {
    all.emplace_back(value.toBool());
  }
}

void tensors_of(const c10::IValue& value, std::vector<Value>& all) {
  if (value.isTensor()) all.emplace_back(from_torch(value.toTensor()));
  if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) tensors_of(item, all);
  }
}

/// An index is a list of optional tensors for libtorch, whatever stands in it.
c10::IValue as_parameter(const c10::IValue& value, const c10::TypePtr& type) {
  const auto list = type->cast<c10::ListType>();
  if (list && value.isTensorList() && list->getElementType()->kind() == c10::TypeKind::OptionalType) {
    c10::List<std::optional<at::Tensor>> optional;
    for (const at::Tensor& tensor : value.toTensorVector()) optional.push_back(tensor);
    return optional;
  }
  if (type->kind() == c10::TypeKind::FloatType && value.isInt()) return static_cast<double>(value.toInt());
  const auto maybe = type->cast<c10::OptionalType>();
  if (maybe && maybe->getElementType()->kind() == c10::TypeKind::FloatType && value.isInt()) {
    return static_cast<double>(value.toInt());
  }
  return value;
}

}  // namespace

TorchResult call_torch(const std::string& name, std::span<const std::pair<std::string, Value>> arguments) {
  TorchResult result;
  std::string objections;
  for (const auto& op : torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name))) {
    const c10::FunctionSchema& schema = op->schema();
    std::vector<c10::IValue> stack;
    std::vector<Value> tensors;
    try {
      std::unordered_map<std::string, c10::IValue> keywords;
      std::size_t position = 0;
      for (const auto& [keyword, value] : arguments) {
        const auto place =
            keyword.empty() ? std::optional<int>(static_cast<int>(position)) : schema.argumentIndexWithName(keyword);
        if (!place || static_cast<std::size_t>(*place) >= schema.arguments().size())
          throw std::runtime_error("no such argument");
        const c10::Argument& parameter = schema.arguments()[static_cast<std::size_t>(*place)];
        c10::IValue given = to_ivalue(value);
        // A single int stands for a list of a known length.
        if (given.isInt() && parameter.N()) {
          given = c10::List<std::int64_t>(
              std::vector<std::int64_t>(static_cast<std::size_t>(*parameter.N()), given.toInt()));
        }
        given = as_parameter(given, parameter.type());
        if (keyword.empty()) {
          if (parameter.kwarg_only()) throw std::runtime_error("by keyword only");
          stack.push_back(given);
          ++position;
        } else {
          keywords.emplace(keyword, given);
        }
      }
      schema.checkAndNormalizeInputs<c10::Type>(stack, keywords);
    } catch (const std::exception&) {
      objections += c10::toString(schema) + "; ";
      continue;
    }
    const std::vector<c10::IValue> given = stack;
    try {
      at::NoGradGuard guard;
      op->getOperation()(stack);
      for (const c10::IValue& output : stack) flatten_into(output, result.outputs);
      for (const c10::IValue& argument : given) tensors_of(argument, result.arguments);
    } catch (const std::exception& error) {
      result.error = std::string(error.what()).substr(0, 200);
    }
    return result;
  }
  result.error = "NO SUCH OVERLOAD: " + objections.substr(0, 300);
  return result;
}

}  // namespace bertrt::graph
