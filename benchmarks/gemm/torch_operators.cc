#include "torch_operators.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <optional>

namespace bertrt::benchmarks {
namespace {

// An operator by its schema's name, called with boxed values: no header of libtorch's declares these.
class Operator {
 public:
  explicit Operator(const char* name) : handle_(c10::Dispatcher::singleton().findSchema({name, ""})) {}
  explicit operator bool() const { return handle_.has_value(); }
  template <typename... Args>
  c10::IValue operator()(Args&&... args) const {
    torch::jit::Stack stack;
    (stack.emplace_back(std::forward<Args>(args)), ...);
    handle_->callBoxed(stack);
    return stack.at(0);
  }

 private:
  std::optional<c10::OperatorHandle> handle_;
};

class Operators {
 public:
  Operators(at::Tensor weight, at::Tensor bias, at::Tensor x, std::size_t copies)
      : weight_(std::move(weight)), bias_(std::move(bias)), x_(std::move(x)), copies_(copies) {}

  // `prepare` makes one packed weight, `multiply` uses one; what cannot be made here is left out.
  template <typename Prepare, typename Multiply>
  void add(const char* name, const Prepare& prepare, const Multiply& multiply) {
    try {
      auto packed = std::make_shared<std::vector<decltype(prepare())>>();
      for (std::size_t i = 0; i < copies_; ++i) packed->push_back(prepare());
      auto next = std::make_shared<std::size_t>(0);
      const auto run = [packed, next, multiply] {
        const c10::InferenceMode guard;
        multiply((*packed)[(*next)++ % packed->size()]);
      };
      run();
      list.push_back({name, run});
    } catch (const std::exception&) {
    }
  }

  void add_fp32() {
    add(
        "linear", [&] { return weight_.clone(); }, [x = x_, b = bias_](const at::Tensor& w) { at::linear(x, w, b); });
    add_prepacked("oneDNN", at::kFloat);
    const Operator reorder("mkl::_mkl_reorder_linear_weight");
    const Operator linear("mkl::_mkl_linear");
    if (!reorder || !linear) return;
    const std::int64_t rows = x_.size(0);
    add(
        "MKL", [&] { return std::pair(reorder(weight_, rows).toTensor(), weight_.clone()); },
        [x = x_, b = bias_, linear, rows](const auto& w) { linear(x, w.first, w.second, b, rows); });
  }

  void add_bf16() { add_prepacked("oneDNN", at::kBFloat16); }

  void add_int8() {
    const auto scales = at::amax(at::abs(weight_), {1}) / 127;
    const auto zeros = at::zeros({weight_.size(0)}, at::kInt);
    const auto quantized = at::round(weight_ / scales.unsqueeze(1)).to(at::kChar);
    const auto bytes = at::randint(0, 255, x_.sizes(), at::TensorOptions().dtype(at::kByte));
    const Operator prepack("onednn::qlinear_prepack");
    const Operator linear("onednn::qlinear_pointwise");
    if (prepack && linear) {
      const std::vector<std::int64_t> shape = x_.sizes().vec();
      // The input is quantized already: less than ours does.
      add(
          "oneDNN", [&] { return prepack(quantized, shape).toTensor(); },
          [=, b = bias_](const at::Tensor& w) {
            linear(bytes, 0.02, std::int64_t{3}, w, scales, zeros, b, 1.0, std::int64_t{0},
                   c10::IValue(static_cast<std::int64_t>(at::kFloat)), std::string("none"),
                   c10::List<std::optional<at::Scalar>>(), std::string(""));
          });
    }
    const Operator prepack_dynamic("quantized::linear_prepack");
    const Operator dynamic("quantized::linear_dynamic");
    if (!prepack_dynamic || !dynamic) return;
    const auto per_channel =
        at::quantize_per_channel(weight_, scales.to(at::kDouble), zeros.to(at::kLong), 0, at::kQInt8);
    add(
        "fbgemm", [&] { return prepack_dynamic(per_channel, bias_); },
        [x = x_, dynamic](const c10::IValue& w) { dynamic(x, w, true); });
  }

  std::vector<TorchOperator> list;

 private:
  void add_prepacked(const char* name, at::ScalarType type) {
    const Operator reorder("mkldnn::_reorder_linear_weight");
    const Operator linear("mkldnn::_linear_pointwise");
    if (!reorder || !linear) return;
    const auto x = x_.to(type);
    const auto b = bias_.to(type);
    const std::int64_t rows = x_.size(0);
    add(
        name, [&] { return reorder(weight_.to(type), rows).toTensor(); },
        [=](const at::Tensor& w) {
          linear(x, w, b, std::string("none"), c10::List<std::optional<at::Scalar>>(), std::string(""));
        });
  }

  at::Tensor weight_, bias_, x_;
  std::size_t copies_;
};

at::Tensor tensor(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone();
}

}  // namespace

std::vector<TorchOperator> torch_operators(DType dtype, const std::vector<float>& weight,
                                           const std::vector<float>& bias, const std::vector<float>& x,
                                           std::size_t rows, std::size_t out, std::size_t in, std::size_t copies) {
  const c10::InferenceMode guard;
  const auto signed_size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  Operators operators(tensor(weight, {signed_size(out), signed_size(in)}), tensor(bias, {signed_size(out)}),
                      tensor(x, {signed_size(rows), signed_size(in)}), copies);
  switch (dtype) {
    case DType::fp32: operators.add_fp32(); break;
    case DType::bf16: operators.add_bf16(); break;
    case DType::int8: operators.add_int8(); break;
  }
  return std::move(operators.list);
}

void set_torch_threads(std::size_t threads) { at::set_num_threads(static_cast<int>(threads)); }

}  // namespace bertrt::benchmarks
