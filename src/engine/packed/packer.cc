#include "engine/packed/packer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "archive/tensor.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "kernels/ops/rows.h"
#include "kernels/weight_arena.h"

namespace bertrt::engine::packed {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

// The file's own memory where it already is what a packer reads.
const float* in_place(const archive::TensorView& tensor) {
  if (tensor.unread != nullptr || tensor.type != archive::ElementType::float32 || !tensor.contiguous()) return nullptr;
  const std::byte* data = tensor.storage.data() + static_cast<std::size_t>(tensor.storage_offset) * sizeof(float);
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(float) != 0) return nullptr;
  return reinterpret_cast<const float*>(data);
}

// The rows of layers side by side, a few at a time: a weight is read from its file, widened and packed in one go, and
// no copy of it lies in memory but what is packed.
class Rows {
 public:
  Rows(std::span<const family::Dense* const> parts, std::size_t in) : in_(in), bytes_(parts.size()) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const archive::TensorView& tensor = parts[i]->weight.tensor;
      // What is strided would be read again for every few rows.
      Part part{tensor.contiguous() ? tensor : archive::in_memory(tensor, bytes_[i]), out_, nullptr};
      part.there = in_place(part.tensor);
      out_ += parts[i]->out();
      parts_.push_back(std::move(part));
    }
  }

  const float* bring(std::size_t first, std::size_t count, std::vector<float>& room) const {
    const std::size_t last = first + count;
    for (const Part& part : parts_) {
      const std::size_t end = part.first + rows_in(part);
      if (part.there != nullptr && part.first <= first && last <= end) return part.there + (first - part.first) * in_;
    }
    room.resize(std::max(room.size(), count * in_));
    for (const Part& part : parts_) {
      const std::size_t from = std::max(first, part.first);
      const std::size_t to = std::min(last, part.first + rows_in(part));
      if (from >= to) continue;
      archive::to_float32(archive::rows_of(part.tensor, from - part.first, to - from),
                          std::span(room).subspan((from - first) * in_, (to - from) * in_));
    }
    return room.data();
  }

 private:
  struct Part {
    archive::TensorView tensor;
    std::size_t first;  // row
    const float* there = nullptr;
  };
  static std::size_t rows_in(const Part& part) { return static_cast<std::size_t>(part.tensor.shape[0]); }

  std::size_t in_;
  std::size_t out_ = 0;
  std::vector<Part> parts_;
  std::vector<std::vector<std::byte>> bytes_;
};

// Rows of layers side by side that are stored as integers, with their scales.
const std::int8_t* bring_integers(std::span<const family::Dense* const> parts, std::pair<std::size_t, std::size_t> span,
                                  std::vector<std::int8_t>& room, float* scales) {
  const auto [first, count] = span;
  const std::size_t in = parts.front()->in();
  room.resize(std::max(room.size(), count * in));
  std::size_t begin = 0;
  for (const family::Dense* part : parts) {
    const std::size_t from = std::max(first, begin);
    const std::size_t to = std::min(first + count, begin + part->out());
    if (from < to) {
      const archive::TensorView rows = archive::rows_of(part->weight.tensor, from - begin, to - from);
      archive::bytes_of(rows, std::as_writable_bytes(std::span(room).subspan((from - first) * in, (to - from) * in)));
      std::copy_n(rows.row_scales.get(), to - from, scales + (from - first));
    }
    begin += part->out();
  }
  return room.data();
}

// The layers whose rows among [first, first + count) hold what is no finite number.
void find_odd(std::span<const family::Dense* const> parts, std::size_t first, std::size_t count, const float* rows,
              const std::function<void(const std::string&)>& found) {
  const std::size_t in = parts.front()->in();
  if (std::isfinite(kernels::ops::greatest(rows, count * in))) return;
  std::size_t begin = 0;
  for (const family::Dense* part : parts) {
    const std::size_t from = std::max(first, begin);
    const std::size_t to = std::min(first + count, begin + part->out());
    begin += part->out();
    if (from < to && !std::isfinite(kernels::ops::greatest(rows + (from - first) * in, (to - from) * in))) {
      found(part->weight.name);
    }
  }
}

std::shared_ptr<const kernels::Linear> pack(std::span<const family::Dense* const> parts, DType dtype,
                                            kernels::WeightArena& arena,
                                            const std::function<void(const std::string&)>& odd) {
  const std::size_t in = parts.front()->in();
  std::size_t out = 0;
  std::vector<float> bias;
  for (const family::Dense* part : parts) {
    if (part->bias) {
      const std::vector<float> values = archive::to_float32(part->bias->tensor);
      bias.insert(bias.end(), values.begin(), values.end());
    }
    out += part->out();
    bias.resize(out, 0.0F);
  }
  const bool integers = std::all_of(
      parts.begin(), parts.end(), [](const family::Dense* part) { return part->weight.tensor.row_scales != nullptr; });
  if (integers && dtype == DType::int8) {
    const auto take = [&](std::size_t first, std::size_t count, std::vector<std::int8_t>& room, float* scales) {
      return bring_integers(parts, {first, count}, room, scales);
    };
    return kernels::Linear::pack(take, bias, out, in, &arena);
  }
  const Rows rows(parts, in);
  const auto bring = [&](std::size_t first, std::size_t count, std::vector<float>& room) {
    const float* brought = rows.bring(first, count, room);
    find_odd(parts, first, count, brought, odd);
    return brought;
  };
  return kernels::Linear::pack(bring, bias, out, in, dtype, &arena);
}

}  // namespace

Packer::Key Packer::key_of(const family::Weight& weight) {
  const archive::TensorView& tensor = weight.tensor;
  Key key = {reinterpret_cast<std::uintptr_t>(tensor.storage.data()), static_cast<std::uint64_t>(tensor.type),
             static_cast<std::uint64_t>(tensor.storage_offset)};
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    key.push_back(static_cast<std::uint64_t>(tensor.shape[axis]));
    key.push_back(static_cast<std::uint64_t>(tensor.strides[axis]));
  }
  return key;
}

void Packer::linear(std::span<const family::Dense* const> parts, std::size_t in, DType dtype, Linear& to) {
  Key key = {static_cast<std::uint64_t>(dtype)};
  for (const family::Dense* part : parts) {
    const std::size_t out = outputs_of(*part);
    check_shape(part->weight, {static_cast<std::int64_t>(out), static_cast<std::int64_t>(in)});
    const Key weight = key_of(part->weight);
    key.insert(key.end(), weight.begin(), weight.end());
    key.push_back(part->bias ? 1 : 0);
    if (!part->bias) continue;
    check_shape(*part->bias, {static_cast<std::int64_t>(out)});
    const Key bias = key_of(*part->bias);
    key.insert(key.end(), bias.begin(), bias.end());
  }
  Job& job = jobs_[std::move(key)];
  if (job.parts.empty()) job = {{parts.begin(), parts.end()}, dtype, {}};
  job.wanted_by.push_back(&to);
}

void Packer::linear(const family::Dense& dense, std::size_t in, DType dtype, Linear& to) {
  const family::Dense* const part = &dense;
  linear({&part, 1}, in, dtype, to);
}

std::shared_ptr<const RowTable> Packer::table(const family::Weight& weight, std::size_t width, RowFormat wanted) {
  const auto& shape = weight.tensor.shape;
  if (shape.size() != 2 || shape[0] <= 0 || shape[1] <= 0) {
    throw Error(ErrorCode::model_mismatch, weight.name, "a table [rows, width]", shape_text(shape));
  }
  check_shape(weight, {shape[0], width == 0 ? shape[1] : static_cast<std::int64_t>(width)});
  auto& table = tables_[key_of(weight)];
  if (table == nullptr) table = std::make_shared<const RowTable>(RowTable::copy(weight.tensor, wanted, pool_));
  if (table->is_odd()) found_odd(weight.name);
  return table;
}

void Packer::found_odd(const std::string& name) {
  const std::lock_guard lock(mutex_);
  odd_.insert(name);
}

std::vector<std::string> Packer::findings() const {
  std::vector<std::string> findings;
  for (const std::string& name : odd_) {
    findings.push_back("the weights of " + base::printable(name) + " hold values that are no finite numbers");
  }
  return findings;
}

void Packer::run() {
  std::vector<const Job*> jobs;
  std::size_t room = 0;
  for (const auto& [key, job] : jobs_) {
    jobs.push_back(&job);
    std::size_t out = 0;
    for (const family::Dense* part : job.parts) out += part->out();
    room += kernels::Linear::arena_room(out, job.parts.front()->in(), job.dtype);
  }
  kernels::WeightArena arena(room);
  pool_.run(jobs.size(), [&](std::size_t index) {
    const Job& job = *jobs[index];
    const Linear packed = pack(job.parts, job.dtype, arena, [&](const std::string& name) { found_odd(name); });
    for (Linear* to : job.wanted_by) *to = packed;
  });
  jobs_.clear();
}

void check_shape(const family::Weight& weight, const std::vector<std::int64_t>& shape) {
  if (weight.tensor.shape != shape) {
    throw Error(ErrorCode::model_mismatch, weight.name, shape_text(shape), shape_text(weight.tensor.shape));
  }
  if (!archive::holds_reals(weight.tensor)) {
    throw Error(ErrorCode::unsupported, weight.name, "floating-point numbers",
                std::string(archive::to_string(weight.tensor.type)));
  }
}

std::vector<float> vector_of(const family::Weight& weight, std::size_t size) {
  check_shape(weight, {static_cast<std::int64_t>(size)});
  return archive::to_float32(weight.tensor);
}

Norm norm_of(const family::LayerNorm& norm, std::size_t width) {
  if (!(norm.eps >= 0) || std::isinf(norm.eps)) {
    throw Error(ErrorCode::model_mismatch, norm.gamma.name, "an epsilon of 0 or more", std::to_string(norm.eps));
  }
  Norm result{vector_of(norm.gamma, width), std::vector<float>(width, 0.0F), norm.eps, norm.centred};
  if (norm.beta) result.beta = vector_of(*norm.beta, width);
  if (norm.beta && !norm.centred) {
    throw Error(ErrorCode::unsupported, norm.beta->name, "no beta where a norm does not centre", "one");
  }
  return result;
}

std::size_t outputs_of(const family::Dense& dense) {
  const auto& shape = dense.weight.tensor.shape;
  if (shape.size() != 2 || shape[0] <= 0 || shape[1] <= 0) {
    throw Error(ErrorCode::model_mismatch, dense.weight.name, "a matrix [out, in]", shape_text(shape));
  }
  return static_cast<std::size_t>(shape[0]);
}

kernels::Activation activation_of(family::Activation activation) noexcept {
  switch (activation) {
    case family::Activation::none: return kernels::Activation::none;
    case family::Activation::gelu_erf: return kernels::Activation::gelu_erf;
    case family::Activation::gelu_tanh: return kernels::Activation::gelu_tanh;
    case family::Activation::relu: return kernels::Activation::relu;
    case family::Activation::tanh: return kernels::Activation::tanh;
    case family::Activation::silu: return kernels::Activation::silu;
  }
  return kernels::Activation::none;
}

}  // namespace bertrt::engine::packed
