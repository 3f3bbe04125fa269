#include "graph/rounding.h"
#include "graph/torchscript/compiler.h"
#include "graph/torchscript/messages.h"

// Layers that torch.ao.quantization.quantize_dynamic made: their weights are integers, and so is their input while they
// run, over the range that it has then.
namespace bertrt::graph::torchscript {

bool Compiler::is_packed(const archive::PickleValue& value) {
  return value.is(archive::PickleKind::object) &&
         value.class_name() == "__torch__.torch.classes.quantized.LinearPackedParamsBase";
}

Bound Compiler::packed(const archive::PickleValue& object, const Storages& storages, std::string name) {
  const auto [at, is_new] = packed_index_.emplace(name, static_cast<std::uint32_t>(packed_.size()));
  if (is_new) packed_.push_back({object, &storages, std::move(name)});
  return {Bound::Kind::packed, at->second};
}

// linear_dynamic(x, weights, reduce_range) and linear_dynamic_fp16(x, weights): a linear layer, which takes of x what
// is left of it as integers, or x as it is; weights in half precision are stored as floats that are halves.
Slot Compiler::quantized_linear(Frame& frame, const std::string& name, const std::vector<Given>& given) {
  const bool integers = name == "quantized::linear_dynamic";
  if (!integers && name != "quantized::linear_dynamic_fp16") {
    throw not_graphable(where(frame), "operator " + printable(name) + " is not known");
  }
  if (given.size() < 2 || given.size() > (integers ? 3 : 2) || given[1].value.kind != Bound::Kind::packed) {
    throw malformed(where(frame), "an input, quantized weights" + std::string(integers ? ", reduce_range" : ""),
                    "something else");
  }
  const Packed& weights = packed_[given[1].value.index];
  const auto state = weights.object.state();
  if (!state || !state->is(archive::PickleKind::tuple) || state->size() != 2) {
    throw not_graphable(where(frame), "quantized weights that are no weight and bias");
  }
  const auto constant = [&](const char* part, const auto& read) {
    return builder_.constant(Constant::Origin::attribute, weights.name + part, read);
  };
  const Slot x = slot(frame, given[0].value);
  const Slot bias =
      constant(".bias", [&] { return values_.read((*state)[1], *weights.storages, false, where(frame)); });
  if (!integers) {
    const Slot weight =
        constant(".weight", [&] { return values_.read((*state)[0], *weights.storages, false, where(frame)); });
    return builder_.call(&find(frame, "aten::linear"), {{{}, x}, {{}, weight}, {{}, bias}}, place(frame), where(frame));
  }
  const ValueReader::Quantized& quantized = values_.quantized((*state)[0], *weights.storages, where(frame));
  const Slot weight = constant(".weight", [&]() -> Value { return quantized.integers; });
  const Slot scales = constant(".scales", [&]() -> Value { return quantized.scales; });
  const Slot zero_points = constant(".zero_points", [&]() -> Value { return quantized.zero_points; });
  const Slot reduce_range = given.size() > 2 ? slot(frame, given[2].value) : builder_.boolean(false);
  builder_.add_finding(
      "quantized layers round what they are given to 8-bit integers, as libtorch does on x86: where a value stands "
      "between two of them, the last bit of a sum decides, and answers differ from libtorch's by that much");
  return builder_.call(&find(frame, std::string(kLinearOfIntegers)),
                       {{{}, x}, {{}, weight}, {{}, scales}, {{}, zero_points}, {{}, bias}, {{}, reduce_range}},
                       place(frame), where(frame));
}

}  // namespace bertrt::graph::torchscript
