#include "graph/signature.h"

#include <stdexcept>

#include "bertrt/error.h"
#include "graph/operators/scalar.h"

namespace bertrt::graph {
namespace {

using Kind = Parameter::Kind;

Kind kind_of(std::string_view name) {
  if (name == "Tensor") return Kind::tensor;
  if (name == "int" || name == "ScalarType" || name == "Layout" || name == "MemoryFormat") return Kind::integer;
  if (name == "float") return Kind::real;
  if (name == "bool") return Kind::boolean;
  if (name == "Scalar") return Kind::number;
  if (name == "str") return Kind::text;
  if (name == "Device") return Kind::device;
  if (name == "t" || name == "Any" || name == "Generator") return Kind::any;
  throw std::logic_error("a schema with the type " + std::string(name));
}

Value parse_default(std::string_view text) {
  if (text == "None") return {};
  if (text == "True" || text == "False") return Value(text == "True");
  if (text.front() == '\'') return Value(std::string(text.substr(1, text.size() - 2)));
  if (text.front() == '[') {
    std::vector<Value> items;
    std::string_view rest = text.substr(1, text.size() - 2);
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      items.push_back(parse_default(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return Value::list(std::move(items));
  }
  if (text.find_first_of(".e") != std::string_view::npos) return Value(std::stod(std::string(text)));
  return Value(static_cast<std::int64_t>(std::stoll(std::string(text))));
}

Parameter parse_parameter(std::string_view text) {
  Parameter parameter;
  const std::size_t space = text.find(' ');
  std::string_view type = text.substr(0, space);
  std::string_view name = text.substr(space + 1);
  if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
    parameter.has_default = true;
    parameter.value = parse_default(name.substr(equals + 1));
    name = name.substr(0, equals);
  }
  parameter.name = name;
  // What aliases what: "Tensor(a!)".
  if (const std::size_t alias = type.find('('); alias != std::string_view::npos) type = type.substr(0, alias);
  if (type.ends_with('?')) {
    parameter.optional = true;
    type.remove_suffix(1);
  }
  if (type.ends_with(']')) {
    parameter.list = true;
    const std::size_t open = type.find('[');
    const std::string_view length = type.substr(open + 1, type.size() - open - 2);
    if (!length.empty()) parameter.length = std::stoll(std::string(length));
    type = type.substr(0, open);
    if (type.ends_with('?')) {
      parameter.optional_items = true;
      type.remove_suffix(1);
    }
  }
  parameter.kind = kind_of(type);
  return parameter;
}

enum class Fit { no, converted, exact };

bool number_like(const Value& value) { return value.integer() || value.real() || value.boolean(); }

Fit fit_one(Kind kind, const Value& value) {
  const Tensor* tensor = value.tensor();
  const bool from_tensor = tensor != nullptr && tensor->defined() && tensor->rank() == 0;
  switch (kind) {
    case Kind::tensor: return tensor != nullptr && tensor->defined() ? Fit::exact : Fit::no;
    case Kind::integer: return value.integer() ? Fit::exact : from_tensor ? Fit::converted : Fit::no;
    case Kind::real: return value.real() ? Fit::exact : value.integer() || from_tensor ? Fit::converted : Fit::no;
    case Kind::boolean: return value.boolean() ? Fit::exact : Fit::no;
    case Kind::number: return number_like(value) ? Fit::exact : from_tensor ? Fit::converted : Fit::no;
    case Kind::text: return value.text() ? Fit::exact : Fit::no;
    case Kind::device: return value.device() ? Fit::exact : value.text() ? Fit::converted : Fit::no;
    case Kind::any: return Fit::exact;
  }
  return Fit::no;
}

Fit fit(const Parameter& parameter, const Value& value) {
  if (value.none()) return parameter.optional || parameter.kind == Kind::any ? Fit::exact : Fit::no;
  if (!parameter.list) return fit_one(parameter.kind, value);
  const List* list = value.list();
  if (list == nullptr) {
    const bool repeats = parameter.length > 0 && fit_one(parameter.kind, value) == Fit::exact;
    return repeats ? Fit::converted : Fit::no;
  }
  Fit worst = Fit::exact;
  for (const Value& item : list->items) {
    const Fit one = item.none() && parameter.optional_items ? Fit::exact : fit_one(parameter.kind, item);
    worst = std::min(worst, one);
  }
  return worst;
}

Value as_kind(Kind kind, const Value& value, bool& reads_values) {
  if (const Tensor* tensor = value.tensor(); tensor != nullptr && kind != Kind::tensor && kind != Kind::any) {
    reads_values = reads_values || tensor->varies();
    Value number = item_of(*tensor);
    if (kind == Kind::integer) number = Value(to_integer(number));
    if (kind == Kind::real) number = Value(to_real(number));
    number.varies = tensor->varies();
    return number;
  }
  Value result = value;
  if (kind == Kind::real && value.integer()) result = Value(static_cast<double>(*value.integer()));
  if (kind == Kind::device && value.text()) result = Value(Device{*value.text()});
  result.varies = value.varies;
  return result;
}

Value converted(const Parameter& parameter, const Value& value, bool& reads_values) {
  if (value.none()) return value;
  if (!parameter.list) return as_kind(parameter.kind, value, reads_values);
  std::vector<Value> items;
  if (const List* list = value.list()) {
    for (const Value& item : list->items) items.push_back(as_kind(parameter.kind, item, reads_values));
  } else {
    items.assign(static_cast<std::size_t>(parameter.length), value);
  }
  return Value::list(std::move(items));
}

Fit try_bind(const Overload& overload, std::span<const Passed> passed, std::vector<const Value*>& slots,
             const Value** out) {
  slots.assign(overload.parameters.size(), nullptr);
  *out = nullptr;
  Fit worst = Fit::exact;
  std::size_t position = 0;
  for (const Passed& one : passed) {
    std::size_t at = overload.parameters.size();
    if (one.name.empty()) {
      if (position < at && !overload.parameters[position].keyword_only) at = position++;
    } else {
      for (std::size_t i = 0; i < overload.parameters.size(); ++i) {
        if (overload.parameters[i].name == one.name) at = i;
      }
      if (at == overload.parameters.size() && one.name == "out" && one.value->tensor() != nullptr) {
        *out = one.value;
        continue;
      }
    }
    if (at == overload.parameters.size() || slots[at] != nullptr) return Fit::no;
    slots[at] = one.value;
    worst = std::min(worst, fit(overload.parameters[at], *one.value));
    if (worst == Fit::no) return Fit::no;
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] == nullptr && !overload.parameters[i].has_default) return Fit::no;
  }
  return worst;
}

std::string describe_all(std::span<const Passed> passed) {
  std::string text;
  for (const Passed& one : passed) {
    if (!text.empty()) text += ", ";
    if (!one.name.empty()) text += std::string(one.name) + "=";
    text += describe(*one.value);
    if (text.size() > 400) return text + ", …";
  }
  return "(" + text + ")";
}

}  // namespace

std::vector<Parameter> parse_schema(std::string_view schema) {
  const std::size_t open = schema.find('(');
  const std::size_t close = schema.rfind(") ->");
  if (open == std::string_view::npos || close == std::string_view::npos) {
    throw std::logic_error("a schema without parameters: " + std::string(schema));
  }
  std::vector<Parameter> parameters;
  bool keyword_only = false;
  std::size_t start = open + 1;
  int depth = 0;
  for (std::size_t i = start; i <= close; ++i) {
    if (schema[i] == '[') ++depth;
    if (schema[i] == ']') --depth;
    if (i != close && (schema[i] != ',' || depth != 0)) continue;
    std::string_view one = schema.substr(start, i - start);
    while (one.starts_with(' ')) one.remove_prefix(1);
    start = i + 1;
    if (one.empty()) continue;
    if (one == "*") {
      keyword_only = true;
      continue;
    }
    parameters.push_back(parse_parameter(one));
    parameters.back().keyword_only = keyword_only;
  }
  return parameters;
}

Binding bind_arguments(const Operator& op, std::span<const Passed> passed) {
  std::vector<const Value*> slots;
  std::vector<const Value*> best;
  const Value* out = nullptr;
  const Value* best_out = nullptr;
  const Overload* chosen = nullptr;
  for (const Overload& overload : op.overloads) {
    const Fit fits = try_bind(overload, passed, slots, &out);
    if (fits == Fit::no || (fits == Fit::converted && chosen != nullptr)) continue;
    chosen = &overload;
    best = slots;
    best_out = out;
    if (fits == Fit::exact) break;
  }
  if (chosen == nullptr) {
    throw Error(ErrorCode::unsupported, op.name, "arguments that one of its overloads takes", describe_all(passed));
  }
  Binding binding;
  binding.overload = chosen;
  if (best_out != nullptr) binding.out = *best_out->tensor();
  for (std::size_t i = 0; i < best.size(); ++i) {
    const Parameter& parameter = chosen->parameters[i];
    binding.arguments.push_back(best[i] == nullptr ? parameter.value
                                                   : converted(parameter, *best[i], binding.reads_values));
  }
  return binding;
}

}  // namespace bertrt::graph
