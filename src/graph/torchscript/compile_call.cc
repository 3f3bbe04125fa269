#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "graph/torchscript/compiler.h"
#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

// They write no value: what the tensor was called before has other sizes from there on.
constexpr std::array<std::string_view, 7> kViewsInPlace{"aten::squeeze_",   "aten::unsqueeze_", "aten::t_",
                                                        "aten::transpose_", "aten::swapaxes_",  "aten::swapdims_",
                                                        "aten::as_strided_"};

}  // namespace

Bound Compiler::inline_call(const CodeFile& file, const Definition& definition, std::vector<Given> given,
                            Frame& caller) {
  const Nested nested(*this, caller);
  Frame frame(file, file.at(definition), builder_.entry(file.entry()));
  const Signature signature = read_signature(frame.lexer);
  tokens_ += 8 * signature.parameters.size();
  bind(frame, signature, given);
  advance(frame);
  body(frame, definition.column);
  caller.raised = caller.raised || frame.raised;
  return frame.result ? *frame.result : bound(builder_.none());
}

void Compiler::bind(Frame& frame, const Signature& signature, std::vector<Given>& given) {
  const std::vector<Parameter>& parameters = signature.parameters;
  frame.token.line = parameters.empty() ? 1 : frame.token.line;
  std::size_t position = 0;
  for (const Given& one : given) {
    if (!one.name.empty()) continue;
    if (position == parameters.size())
      throw malformed(frame.lexer.where(frame.token.line), std::to_string(position) + " arguments", "more");
    frame.names[parameters[position++].name] = one.value;
  }
  for (const Given& one : given) {
    if (one.name.empty()) continue;
    bool known = false;
    for (std::size_t i = position; i < parameters.size(); ++i) known = known || parameters[i].name == one.name;
    if (!known || !frame.names.emplace(one.name, one.value).second) {
      throw malformed(frame.lexer.where(frame.token.line), "a parameter of the function", printable(one.name));
    }
  }
  for (std::size_t i = position; i < parameters.size(); ++i) {
    if (frame.names.contains(parameters[i].name)) continue;
    if (!parameters[i].default_value) {
      throw malformed(frame.lexer.where(frame.token.line), "an argument " + printable(parameters[i].name), "none");
    }
    const Lexer behind = frame.lexer;
    frame.lexer = parameters[i].default_value->lexer;
    frame.token = parameters[i].default_value->token;
    const Bound value = expression(frame);
    frame.lexer = behind;
    frame.names[parameters[i].name] = value;
  }
}

Bound Compiler::call_method(Frame& frame, std::uint32_t object, std::string_view name, std::vector<Given> given) {
  const Object& self = module_.objects[object];
  const Definition* method = self.code == nullptr ? nullptr : self.file->find_method(*self.code, name);
  if (method == nullptr) {
    throw malformed(where(frame), "a method of class " + printable(self.class_name), quoted(name));
  }
  given.insert(given.begin(), Given{{}, {Bound::Kind::object, object}});
  return inline_call(*self.file, *method, std::move(given), frame);
}

const Operator& Compiler::find(Frame& frame, const std::string& name) {
  auto found = operators_.find(name);
  if (found == operators_.end()) found = operators_.emplace(name, lookup_(name)).first;
  if (found->second == nullptr) throw not_graphable(where(frame), "operator " + printable(name) + " is not known");
  return *found->second;
}

Slot Compiler::call_operator(Frame& frame, const std::string& name, std::vector<Given> given) {
  if (name.starts_with("quantized::")) return quantized_linear(frame, name, given);
  const bool view_in_place = std::find(kViewsInPlace.begin(), kViewsInPlace.end(), name) != kViewsInPlace.end();
  const Operator& op = find(frame, view_in_place ? name.substr(0, name.size() - 1) : name);
  std::vector<Argument> arguments;
  arguments.reserve(given.size());
  for (const Given& one : given) arguments.push_back({std::string(one.name), slot(frame, one.value)});
  read_halves(name, arguments);
  note_randomness(name, arguments);
  if (name == "prim::RaiseException") frame.raised = true;
  if (writes_in_place(op) && !arguments.empty() && builder_.is_constant_tensor(arguments.front().slot)) {
    builder_.add_finding(name + " writes into a constant of the trace: here it is as the file has it for every text");
  }
  const Slot seen = view_in_place && !arguments.empty() ? arguments.front().slot : 0;
  const Slot result = builder_.call(&op, std::move(arguments), place(frame), where(frame));
  if (view_in_place) builder_.outdate(seen, where(frame));
  return result;
}

// Numbers of element types are ATen's: 5 is half, 15 is bfloat16, 6 is float.
void Compiler::read_halves(const std::string& name, std::vector<Argument>& arguments) {
  const bool casts = name == "aten::to";
  const bool soft = name == "aten::softmax" || name == "aten::log_softmax";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_type =
        arguments[i].name == "dtype" || (arguments[i].name.empty() && ((casts && i > 0) || (soft && i == 2)));
    const Value* value = is_type ? builder_.value(arguments[i].slot) : nullptr;
    const std::int64_t* number = value == nullptr ? nullptr : value->integer();
    if (number == nullptr || (*number != 5 && *number != 15)) continue;
    arguments[i].slot = builder_.integer(6);
    builder_.add_finding("casts to half precision are read as casts to float32");
  }
}

void Compiler::note_randomness(const std::string& name, const std::vector<Argument>& arguments) {
  const bool dropout = name.find("dropout") != std::string::npos;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Value* value = builder_.value(arguments[i].slot);
    if (value == nullptr) continue;
    const bool* flag = std::get_if<bool>(&value->data);
    const double* share = std::get_if<double>(&value->data);
    const bool trains = dropout && flag != nullptr && *flag && (arguments[i].name == "train" || i == 2);
    const bool drops = name == "aten::scaled_dot_product_attention" && share != nullptr && *share > 0 &&
                       (arguments[i].name == "dropout_p" || (arguments[i].name.empty() && i == 4));
    if (trains || drops) {
      builder_.add_finding("traced in training mode: " + name + " with dropout switched on, so answers are random");
    }
  }
}

Bound Compiler::read_attribute(Frame& frame, std::uint32_t object, std::string_view name) {
  const Object& self = module_.objects[object];
  if (!self.opaque.empty()) throw not_graphable(where(frame), self.opaque);
  const std::string path = self.path.empty() ? std::string(name) : self.path + '.' + std::string(name);
  const Attribute* attribute = self.find(name);
  if (attribute == nullptr) {
    const Declaration* declared = self.file->find_declaration(*self.code, name);
    if (declared == nullptr || !declared->constant) {
      throw malformed(where(frame), "an attribute of class " + printable(self.class_name), quoted(name));
    }
    Frame constant(*self.file, self.file->at(*declared), builder_.entry(self.file->entry()));
    advance(constant);
    while (!constant.token.is('=')) advance(constant);  // there is one, or it were no constant
    advance(constant);
    return expression(constant);
  }
  if (attribute->object) return {Bound::Kind::object, *attribute->object};
  if (is_packed(attribute->value)) return packed(attribute->value, module_.data_storages, path);
  if (!attribute->usable)
    throw not_graphable(where(frame), "attribute " + printable(path) + " is of a type that is not known here");
  return bound(builder_.constant(Constant::Origin::attribute, path, [&] {
    return values_.read(attribute->value, module_.data_storages, false, where(frame));
  }));
}

Bound Compiler::read_constant(Frame& frame, std::string_view name) {
  std::size_t index = 0;
  const auto [end, failure] = std::from_chars(name.data() + 1, name.data() + name.size(), index);
  const bool known = name.size() > 1 && name[0] == 'c' && failure == std::errc() && end == name.data() + name.size() &&
                     module_.constants != nullptr && index < module_.constants->root().size();
  if (!known) throw malformed(where(frame), "a constant of the file", quoted(name));
  std::string full("CONSTANTS.");
  full += name;
  const archive::PickleValue value = module_.constants->root()[index];
  if (is_packed(value)) return packed(value, module_.constant_storages, std::move(full));
  return bound(builder_.constant(Constant::Origin::constant, full,
                                 [&] { return values_.read(value, module_.constant_storages, true, where(frame)); }));
}

}  // namespace bertrt::graph::torchscript
