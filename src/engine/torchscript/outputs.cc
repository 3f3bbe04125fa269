#include "engine/torchscript/outputs.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::engine::torchscript {
namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream out;
  out << tensor.sizes();
  return out.str();
}

bool is_hidden(const at::Tensor& tensor, std::size_t rows, std::size_t length, const ModelTraits& traits) {
  if (!has_shape(tensor, {rows, length, 0})) return false;
  const auto width = static_cast<std::size_t>(tensor.size(2));
  return traits.hidden_size != 0 ? width == traits.hidden_size : width != traits.vocab_size;
}

}  // namespace

bool has_shape(const at::Tensor& tensor, std::initializer_list<std::size_t> sizes) {
  if (!tensor.defined() || static_cast<std::size_t>(tensor.dim()) != sizes.size()) return false;
  std::int64_t dimension = 0;
  for (const std::size_t size : sizes) {
    if (size != 0 && tensor.size(dimension) != static_cast<std::int64_t>(size)) return false;
    ++dimension;
  }
  return true;
}

std::vector<OutputPlan::Member> OutputPlan::flatten(const c10::IValue& value, const std::vector<std::string>& names) {
  const auto list_member = [](std::string name, const c10::IValue& item) {
    Member member{std::move(name), !item.isTensor(), {}};
    if (item.isTensor()) member.tensors.push_back(item.toTensor());
    if (item.isTensorList()) member.tensors = item.toTensorVector();
    const auto append = [&](const c10::IValue& part) {
      if (part.isTensor()) member.tensors.push_back(part.toTensor());
    };
    if (item.isTuple()) {
      for (const c10::IValue& part : item.toTupleRef().elements()) append(part);
    } else if (item.isList() && !item.isTensorList()) {
      for (const c10::IValue& part : item.toListRef()) append(part);
    }
    return member;
  };

  std::vector<Member> members;
  if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      members.push_back(list_member(entry.key().isString() ? entry.key().toStringRef() : "", entry.value()));
    }
    return members;
  }
  std::vector<c10::IValue> items;
  if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) items.push_back(item);
  } else {
    items.push_back(value);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    members.push_back(list_member(i < names.size() ? names[i] : std::string(), items[i]));
  }
  return members;
}

OutputPlan::Role OutputPlan::role_of_name(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, Role>, 9> kNames = {{
      {"all_encoder_layers", Role::layers},
      {"hidden_states", Role::layers_after_embeddings},
      {"last_hidden_state", Role::last_hidden},
      {"pooled_output", Role::pooled},
      {"pooler_output", Role::pooled},
      {"logits", Role::logits},
      {"prediction_logits", Role::logits},
      {"start_logits", Role::start_logits},
      {"end_logits", Role::end_logits},
  }};
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  return found == kNames.end() ? Role::ignored : found->second;
}

// Hugging Face puts the embeddings in front of hidden_states; pytorch-pretrained-bert's list has the layers alone.
OutputPlan::Role OutputPlan::role_of_list(const Member& member, const ModelTraits& traits) {
  return member.tensors.size() == traits.num_layers || member.tensors.size() == 1 ? Role::layers
                                                                                  : Role::layers_after_embeddings;
}

OutputPlan::Role OutputPlan::role_of_shape(const std::vector<Member>& members, std::size_t index, std::size_t rows,
                                           std::size_t length, const ModelTraits& traits) const {
  const Member& member = members[index];
  if (member.tensors.empty()) return Role::ignored;
  const bool hidden = std::all_of(member.tensors.begin(), member.tensors.end(),
                                  [&](const at::Tensor& t) { return is_hidden(t, rows, length, traits); });
  if (member.list) return hidden ? role_of_list(member, traits) : Role::ignored;
  if (hidden) return has(Role::last_hidden) ? Role::ignored : Role::last_hidden;

  const at::Tensor& tensor = member.tensors.front();
  const bool one_a_text = has_shape(tensor, {rows, 0});
  const bool encoder = has(Role::last_hidden) || has(Role::layers) || has(Role::layers_after_embeddings);
  if (one_a_text && !encoder && static_cast<std::size_t>(tensor.size(1)) == length) {
    const auto spans = std::count_if(members.begin(), members.end(), [&](const Member& other) {
      return !other.list && other.tensors.size() == 1 && has_shape(other.tensors.front(), {rows, length});
    });
    if (spans == 2) return has(Role::start_logits) ? Role::end_logits : Role::start_logits;
  }
  const bool hidden_wide = one_a_text && static_cast<std::size_t>(tensor.size(1)) == traits.hidden_size;
  if (hidden_wide && (encoder || members.size() == 1)) return has(Role::pooled) ? Role::ignored : Role::pooled;
  if ((one_a_text || has_shape(tensor, {rows, length, 0})) && !has(Role::logits)) return Role::logits;
  return Role::ignored;
}

OutputPlan::OutputPlan(const c10::IValue& value, const std::vector<std::string>& names, const ModelTraits& traits,
                       std::size_t rows, std::size_t length, const std::string& where)
    : names_(names), where_(where) {
  const std::vector<Member> members = flatten(value, names_);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    const bool named = !member.name.empty();
    Role role = named ? role_of_name(member.name) : role_of_shape(members, i, rows, length, traits);
    if (member.name == "hidden_states") role = role_of_list(member, traits);
    roles_.push_back(role);
    if (!named && members.size() > 1 && !member.tensors.empty()) {
      const std::string shape = (member.list ? "a list of " + std::to_string(member.tensors.size()) + " × " : "") +
                                shape_text(member.tensors.front());
      findings_.push_back("output " + std::to_string(i) + " has no name; by its shape " + shape +
                          (role == Role::ignored ? " it is none that is known, and is left out"
                           : role == Role::layers_after_embeddings
                               ? " it is taken for the hidden states, embeddings first"
                           : role == Role::layers      ? " it is taken for the layers' outputs"
                           : role == Role::last_hidden ? " it is taken for the last hidden state"
                           : role == Role::pooled      ? " it is taken for the pooled output"
                           : role == Role::logits      ? " it is taken for the logits"
                                                       : " it is taken for the start or end logits"));
    }
  }
  if (names_.empty() && this->names().empty()) {
    throw Error(
        ErrorCode::model_mismatch, where_,
        "an output [batch, tokens, hidden], [batch, hidden] or logits for inputs of [" + std::to_string(rows) + ", " +
            std::to_string(length) + "]",
        members.empty() || members.front().tensors.empty() ? "no tensor" : shape_text(members.front().tensors.front()));
  }
  unpack(value, rows, length);  // checks the shapes behind names, too
}

bool OutputPlan::has(Role role) const noexcept { return std::find(roles_.begin(), roles_.end(), role) != roles_.end(); }

bool OutputPlan::has_layers() const noexcept {
  return has(Role::layers) || has(Role::layers_after_embeddings) || has(Role::last_hidden);
}

std::vector<std::string> OutputPlan::names() const {
  std::vector<std::string> out;
  if (has_layers()) out.emplace_back("all_encoder_layers");
  if (has_pooled()) out.emplace_back("pooled_output");
  if (has_logits()) out.emplace_back("logits");
  if (has_spans()) out.insert(out.end(), {"start_logits", "end_logits"});
  return out;
}

Unpacked OutputPlan::unpack(const c10::IValue& value, std::size_t rows, std::size_t length) const {
  const std::vector<Member> members = flatten(value, names_);
  if (members.size() != roles_.size()) {
    throw Error(ErrorCode::runtime, where_, std::to_string(roles_.size()) + " outputs, as in the first run",
                std::to_string(members.size()));
  }
  const auto checked = [&](const at::Tensor& tensor, bool a_token, std::initializer_list<std::size_t> shape) {
    if (!has_shape(tensor, shape)) {
      throw Error(ErrorCode::runtime, where_,
                  "an output for " + std::to_string(rows) + " texts" +
                      (a_token ? " of " + std::to_string(length) + " tokens each" : ""),
                  "shape " + shape_text(tensor));
    }
    return tensor.to(at::kCPU, at::kFloat).contiguous();
  };
  Unpacked out;
  at::Tensor last;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& tensors = members[i].tensors;
    if (roles_[i] == Role::ignored) continue;
    if (tensors.empty()) throw Error(ErrorCode::runtime, where_, "a tensor as in the first run", "none");
    switch (roles_[i]) {
      case Role::layers:
      case Role::layers_after_embeddings:
        for (std::size_t k = roles_[i] == Role::layers ? 0 : 1; k < tensors.size(); ++k) {
          out.layers.push_back(checked(tensors[k], true, {rows, length, 0}));
        }
        break;
      case Role::last_hidden: last = checked(tensors[0], true, {rows, length, 0}); break;
      case Role::pooled: out.pooled = checked(tensors[0], false, {rows, 0}); break;
      case Role::logits:
        out.logits = tensors[0].dim() == 2 ? checked(tensors[0], false, {rows, 0})
                                           : checked(tensors[0], true, {rows, length, 0});
        break;
      case Role::start_logits: out.start_logits = checked(tensors[0], true, {rows, length}); break;
      case Role::end_logits: out.end_logits = checked(tensors[0], true, {rows, length}); break;
      case Role::ignored: break;
    }
  }
  if (out.layers.empty() && last.defined()) out.layers.push_back(std::move(last));
  return out;
}

}  // namespace bertrt::engine::torchscript
