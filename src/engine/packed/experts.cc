#include "engine/packed/experts.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertrt/error.h"
#include "engine/packed/row_pitch.h"

namespace bertrt::engine::packed {
namespace {

// A row that an expert works on, and how much of its result counts.
struct Share {
  std::size_t row;
  float weight;
};

// In place, as Python has it: the largest first, so that no exponential overflows.
void softmax(float* values, std::size_t count) {
  const float largest = *std::max_element(values, values + count);
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = std::exp(values[i] - largest);
    sum += values[i];
  }
  for (std::size_t i = 0; i < count; ++i) values[i] /= sum;
}

// Of each row's shares the `chosen` largest; of equal ones the first.
std::vector<std::vector<Share>> choose(const float* logits, std::size_t rows, std::size_t stride, std::size_t experts,
                                       std::size_t chosen) {
  std::vector<std::vector<Share>> shares(experts);
  std::vector<float> weights(experts);
  std::vector<std::size_t> order(experts);
  for (std::size_t row = 0; row < rows; ++row) {
    std::copy_n(logits + row * stride, experts, weights.begin());
    softmax(weights.data(), experts);
    for (std::size_t i = 0; i < experts; ++i) order[i] = i;
    const auto more = [&](std::size_t a, std::size_t b) {
      return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(chosen), order.end(), more);
    for (std::size_t i = 0; i < chosen; ++i) shares[order[i]].push_back({row, weights[order[i]]});
  }
  return shares;
}

}  // namespace

Experts::Experts(const family::ExpertsSpec& spec, std::size_t hidden, DType dtype, Packer& packer)
    : hidden_(hidden), inner_(0), chosen_(spec.chosen), bias_(vector_of(spec.bias, hidden)) {
  const std::size_t count = spec.experts.size();
  if (count == 0 || chosen_ == 0 || chosen_ > count || outputs_of(spec.router) != count) {
    throw Error(ErrorCode::model_mismatch, "EncoderSpec", "a router with an output for each expert, and some to choose",
                std::to_string(count) + " experts, " + std::to_string(chosen_) + " chosen");
  }
  packer.linear(spec.router, hidden, DType::fp32, router_);
  inner_ = outputs_of(spec.experts.front().in);
  experts_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const family::ExpertSpec& expert = spec.experts[i];
    if (outputs_of(expert.in) != inner_ || outputs_of(expert.out) != hidden) {
      throw Error(ErrorCode::model_mismatch, expert.in.weight.name, "experts that are all alike", "others");
    }
    packer.linear(expert.in, hidden, dtype, experts_[i].in);
    packer.linear(expert.out, inner_, dtype, experts_[i].out);
  }
}

void Experts::run(const float* x, std::size_t rows, std::size_t stride, kernels::Activation activation, float* inner,
                  float* to, kernels::AlignedBuffer& memory, kernels::ThreadPool& pool,
                  kernels::Scratch& scratch) const {
  const std::size_t logit_stride = row_pitch(experts_.size());
  const std::size_t inner_stride = row_pitch(inner_);
  auto* logits = reinterpret_cast<float*>(memory.reserve(rows * (logit_stride + 2 * stride) * sizeof(float)));
  float* read = logits + rows * logit_stride;
  float* made = read + rows * stride;
  router_->run(x, rows, logits, {.x_stride = stride, .y_stride = logit_stride}, pool, scratch);
  const auto shares = choose(logits, rows, logit_stride, experts_.size(), chosen_);

  std::fill_n(to, rows * stride, 0.0F);
  for (std::size_t i = 0; i < experts_.size(); ++i) {
    if (shares[i].empty()) continue;
    float* next = read;
    for (const Share& share : shares[i]) next = std::copy_n(x + share.row * stride, stride, next);
    experts_[i].in->run(read, shares[i].size(), inner,
                        {.activation = activation, .x_stride = stride, .y_stride = inner_stride}, pool, scratch);
    experts_[i].out->run(inner, shares[i].size(), made, {.x_stride = inner_stride, .y_stride = stride}, pool, scratch);
    const float* from = made;
    for (const Share& share : shares[i]) {
      float* sum = to + share.row * stride;
      for (std::size_t j = 0; j < hidden_; ++j) sum[j] += from[j] * share.weight;
      from += stride;
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t j = 0; j < hidden_; ++j) to[row * stride + j] += bias_[j];
  }
}

}  // namespace bertrt::engine::packed
