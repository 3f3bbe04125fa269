#include "graph/torchscript/pickled_value.h"

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
