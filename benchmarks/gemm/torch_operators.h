#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bertrt/session.h"

namespace bertrt::benchmarks {

/// One way of libtorch's to do y = x Wᵀ + b. Each call takes the next of `copies` weights, as a model's layers do.
struct TorchOperator {
  std::string name;
  std::function<void()> run;
};

/// Those that this libtorch and this machine have for a dtype. @param weight  [out, in]  @param x  [rows, in]
std::vector<TorchOperator> torch_operators(DType dtype, const std::vector<float>& weight,
                                           const std::vector<float>& bias, const std::vector<float>& x,
                                           std::size_t rows, std::size_t out, std::size_t in, std::size_t copies);

void set_torch_threads(std::size_t threads);

}  // namespace bertrt::benchmarks
