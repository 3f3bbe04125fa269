#include "archive/pickle.h"

#include "archive/byte_reader.h"
#include "archive/pickle_machine.h"
#include "archive/pickle_shape.h"

namespace bertrt::archive {

Pickle::Pickle(std::span<const std::byte> bytes, const std::string& where, PickleWriter writer)
    : text_(as_text(bytes)) {
  PickleMachine machine(*this, bytes, where, writer);
  root_ = machine.run();
  bytes_read_ = machine.position();
  PickleShape(*this, where).check();
}

std::vector<PickleValue> Pickle::values_of(PickleKind kind) const {
  std::vector<PickleValue> values;
  for (std::uint32_t id = 0; id < nodes_.size(); ++id) {
    if (nodes_[id].kind == kind) values.emplace_back(this, id);
  }
  return values;
}

PickleKind PickleValue::kind() const noexcept { return pickle_->nodes_[id_].kind; }

bool PickleValue::boolean() const noexcept { return is(PickleKind::boolean) && pickle_->nodes_[id_].integer != 0; }

std::int64_t PickleValue::integer() const noexcept {
  return is(PickleKind::integer) || is(PickleKind::boolean) ? pickle_->nodes_[id_].integer : 0;
}

double PickleValue::real() const noexcept {
  return is(PickleKind::real) ? pickle_->nodes_[id_].real : static_cast<double>(integer());
}

std::string_view PickleValue::text() const noexcept {
  const Pickle::Node& node = pickle_->nodes_[id_];
  return is(PickleKind::text) ? pickle_->text_.substr(node.first, node.count) : std::string_view();
}

std::string PickleValue::global_name() const {
  if (!is(PickleKind::global)) return {};
  const Pickle::Node& node = pickle_->nodes_[id_];
  std::string name(pickle_->text_.substr(node.first, node.count));  // "module\nname"
  for (char& c : name) {
    if (c == '\n') c = '.';
  }
  return name;
}

std::size_t PickleValue::size() const noexcept {
  const std::size_t count = pickle_->nodes_[id_].count;
  switch (kind()) {
    case PickleKind::tuple:
    case PickleKind::list:
    case PickleKind::tensor:
    case PickleKind::quantized_tensor:
    case PickleKind::storage: return count;
    case PickleKind::dict: return count / 2;
    default: return 0;
  }
}

PickleValue PickleValue::operator[](std::size_t index) const {
  return {pickle_, pickle_->pool_[pickle_->nodes_[id_].first + index]};
}

PickleValue PickleValue::key(std::size_t index) const {
  return {pickle_, pickle_->pool_[pickle_->nodes_[id_].first + 2 * index]};
}

PickleValue PickleValue::value(std::size_t index) const {
  return {pickle_, pickle_->pool_[pickle_->nodes_[id_].first + 2 * index + 1]};
}

std::optional<PickleValue> PickleValue::find(std::string_view wanted) const {
  if (!is(PickleKind::dict)) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i).is(PickleKind::text) && key(i).text() == wanted) return value(i);
  }
  return std::nullopt;
}

// An object's pool range is its class and, once built, its state.
std::string PickleValue::class_name() const {
  if (!is(PickleKind::object)) return {};
  return PickleValue(pickle_, pickle_->pool_[pickle_->nodes_[id_].first]).global_name();
}

std::optional<PickleValue> PickleValue::state() const {
  if (!is(PickleKind::object) || pickle_->nodes_[id_].count < 2) return std::nullopt;
  return PickleValue(pickle_, pickle_->pool_[pickle_->nodes_[id_].first + 1]);
}

}  // namespace bertrt::archive
