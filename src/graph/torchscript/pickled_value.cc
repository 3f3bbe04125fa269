#include "graph/torchscript/pickled_value.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

using archive::PickleKind;
using archive::PickleValue;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxKey = 256;

std::string numbers(const std::vector<std::int64_t>& list) {
  std::string text;
  for (const std::int64_t number : list) text += std::to_string(number) + ',';
  return text;
}

Tensor row_of(const std::vector<float>& numbers) {
  const Tensor row = Tensor::make(ElementType::float32, {static_cast<std::int64_t>(numbers.size())});
  std::copy(numbers.begin(), numbers.end(), row.mutable_data<float>());
  return row;
}

}  // namespace

Tensor ValueReader::tensor(const PickleValue& value, const Storages& storages, const std::string& where) {
  const auto view = storages.view(value);
  if (!view) throw not_graphable(where, "a tensor with elements of a type that is not known here");
  std::string key = view->storage_key + ':' + std::string(archive::to_string(view->type)) + ':' +
                    std::to_string(view->storage_offset) + ':' + numbers(view->shape) + ':' + numbers(view->strides);
  const auto found = tensors_.find({&storages, key});
  if (found != tensors_.end()) return found->second;
  Tensor made = Tensor::from_archive(*view, keep_);
  tensors_.emplace(std::make_pair(&storages, std::move(key)), made);
  return made;
}

const ValueReader::Quantized& ValueReader::quantized(const PickleValue& value, const Storages& storages,
                                                     const std::string& where) {
  if (!value.is(PickleKind::quantized_tensor)) throw not_graphable(where, "quantized weights that are none");
  const auto view = storages.view(value);
  if (!view || view->type != ElementType::int8) {
    throw not_graphable(where, "quantized weights of another kind than int8");
  }
  // The whole of its storage, and once: views of one storage by many scales would be many times its size.
  const bool whole = view->contiguous() && view->elements() == view->storage.size();
  const PickleValue quantizer = value.size() > 4 ? value[4] : value;  // or nothing that is a tuple
  const bool has_scheme = quantizer.is(PickleKind::tuple) && quantizer.size() != 0;
  const std::string scheme = has_scheme ? quantizer[0].global_name() : "";
  std::vector<float> scales;
  std::vector<float> zero_points;
  if (scheme == "torch.per_tensor_affine" && quantizer.size() == 3 && quantizer[1].is(PickleKind::real) &&
      quantizer[2].is(PickleKind::integer)) {
    scales = {static_cast<float>(quantizer[1].real())};
    zero_points = {static_cast<float>(quantizer[2].integer())};
  } else if (scheme == "torch.per_channel_affine" && quantizer.size() == 4 && quantizer[1].is(PickleKind::tensor) &&
             quantizer[2].is(PickleKind::tensor) && quantizer[3].is(PickleKind::integer) &&
             quantizer[3].integer() == 0) {
    scales = to_floats(tensor(quantizer[1], storages, where));
    const Tensor places = tensor(quantizer[2], storages, where);
    if (is_floating(places.type())) throw not_graphable(where, "quantized weights whose zero points are no integers");
    for (const std::int64_t place : to_integers(places)) zero_points.push_back(static_cast<float>(place));
  }
  const std::size_t rows = view->shape.empty() ? 0 : static_cast<std::size_t>(view->shape[0]);
  const bool fits = scales.size() == zero_points.size() && (scales.size() == 1 || scales.size() == rows);
  if (!whole || rows == 0 || scales.empty() || !fits) {
    throw not_graphable(where, "quantized weights that are no integers by one scale, or by one of each row");
  }
  const auto [found, is_new] = quantized_.try_emplace({&storages, view->storage_key});
  Quantized& made = found->second;
  if (is_new) {
    made = {Tensor::from_archive(*view, keep_), row_of(scales), row_of(zero_points)};
  } else if (to_floats(made.scales) != scales || to_floats(made.zero_points) != zero_points ||
             made.integers.sizes() != view->shape) {
    throw not_graphable(where, "quantized weights that are one storage in two ways");
  }
  return made;
}

std::vector<Value> ValueReader::items(const PickleValue& value, const Storages& storages, bool constants,
                                      const std::string& where, std::size_t depth) {
  std::vector<Value> result;
  result.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i)
    result.push_back(read(value[i], storages, constants, where, depth + 1));
  return result;
}

Value ValueReader::read(const PickleValue& value, const Storages& storages, bool constants, const std::string& where,
                        std::size_t depth) {
  if (depth > kMaxDepth || budget_ == 0) throw not_graphable(where, "a value that is nested without end");
  --budget_;
  switch (value.kind()) {
    case PickleKind::none: return {};
    case PickleKind::boolean: return value.boolean();
    case PickleKind::integer: return value.integer();
    case PickleKind::real: return value.real();
    case PickleKind::text: return std::string(value.text());
    case PickleKind::tuple: return Value::tuple(items(value, storages, constants, where, depth));
    case PickleKind::list: return Value::list(items(value, storages, constants, where, depth));
    case PickleKind::tensor: {
      Tensor made = tensor(value, storages, where);
      made.wrapped_number = constants && made.rank() == 0;
      return made;
    }
    case PickleKind::dict: {
      std::vector<std::pair<std::string, Value>> pairs;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const PickleValue key = value.key(i);
        if (!key.is(PickleKind::text)) throw not_graphable(where, "a dict whose keys are no texts");
        if (key.text().size() > kMaxKey) throw not_graphable(where, "a dict's key of more than 256 bytes");
        pairs.emplace_back(key.text(), read(value.value(i), storages, constants, where, depth + 1));
      }
      return Value::dict(std::move(pairs));
    }
    default: break;
  }
  throw not_graphable(where, "an attribute or a constant of a kind that is not known here");
}

}  // namespace bertrt::graph::torchscript
