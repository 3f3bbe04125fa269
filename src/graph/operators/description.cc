#include "bertrt/error.h"
#include "graph/call.h"
#include "graph/operators/common.h"
#include "graph/operators/table.h"

// What a tensor is, without its values.
namespace bertrt::graph {
namespace {

std::int64_t code_of(ElementType type) {
  switch (type) {
    case ElementType::uint8: return 0;
    case ElementType::int8: return 1;
    case ElementType::int16: return 2;
    case ElementType::int32: return 3;
    case ElementType::int64: return 4;
    case ElementType::float64: return 7;
    case ElementType::boolean: return 11;
    default: return 6;
  }
}

void size(Call& c) {
  c.depends_on({});
  c.give(Value::list(c.tensor(0).sizes()));
}
void size_of_axis(Call& c) {
  c.depends_on({});
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  c.give(Value(a.size(c.axis(1, a.rank()))));
}
void stride(Call& c) {
  c.depends_on({});
  if (c.size() == 1) return c.give(Value::list(c.tensor(0).strides()));
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  c.give(Value(a.stride(c.axis(1, a.rank()))));
}
void dim(Call& c) {
  c.depends_on({});
  c.give(Value(c.tensor(0).rank()));
}
void numel(Call& c) {
  c.depends_on({});
  c.give(Value(c.tensor(0).elements()));
}
void dtype(Call& c) {
  c.depends_on({});
  c.give(Value(code_of(c.tensor(0).type())));
}
void layout(Call& c) {
  c.depends_on({});
  c.give(Value(std::int64_t{0}));
}
void device_of(Call& c) {
  c.depends_on({});
  c.give(Value(Device{"cpu"}));
}
void device(Call& c) { c.give(Value(Device{c.text(0)})); }
void never(Call& c) {
  c.depends_on({});
  c.give(Value(false));
}
void always(Call& c) {
  c.depends_on({});
  c.give(Value(true));
}
void is_floating_point(Call& c) {
  c.depends_on({});
  c.give(Value(is_floating(c.tensor(0).type())));
}
void is_contiguous(Call& c) {
  c.depends_on({});
  c.give(Value(c.tensor(0).contiguous()));
}
void storage_offset(Call& c) {
  c.depends_on({});
  c.give(Value(c.tensor(0).offset()));
}
void result_type(Call& c) {
  c.depends_on({});
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(Value(code_of(promote({&a, &b}))));
}
void broadcast_shapes(Call& c) {
  Sizes all;
  for (const Value& item : c.argument(0).list()->items) {
    Sizes sizes;
    if (item.list() == nullptr) c.fail("lists of sizes", describe(item));
    for (const Value& one : item.list()->items) {
      if (one.integer() == nullptr || *one.integer() < 0) c.fail("lists of sizes", describe(one));
      sizes.push_back(*one.integer());
    }
    all = broadcast(all, sizes);
  }
  c.give(Value::list(all));
}
void same_sizes(Call& c) {
  c.depends_on({});
  c.give(Value(c.tensor(0).sizes() == c.tensor(1).sizes()));
}

void raise(Call& c) {
  const std::string* text = c.argument(0).text();
  std::string message = text == nullptr ? "an exception" : describe(c.argument(0));
  throw Error(ErrorCode::runtime, "raise", "no exception of the model's own", std::move(message));
}
void nothing(Call& c) { c.give(Value()); }
void itself(Call& c) { c.give(c.argument(0)); }

}  // namespace

void add_description(Table& t) {
  t.add("aten::size", {{"size.int(Tensor self, int dim) -> int", size_of_axis}, {"size(Tensor self) -> int[]", size}},
        Mixing::row_wise);
  t.add("aten::stride",
        {{"stride.int(Tensor self, int dim) -> int", stride}, {"stride(Tensor self) -> int[]", stride}});
  t.add("prim::shape", {{"shape(Tensor self) -> int[]", size}}, Mixing::row_wise);
  for (const char* name : {"aten::dim", "prim::ndim"})
    t.add(name, {{"dim(Tensor self) -> int", dim}}, Mixing::row_wise);
  for (const char* name : {"aten::numel", "prim::numel"}) t.add(name, {{"numel(Tensor self) -> int", numel}});
  t.add("prim::dtype", {{"dtype(Tensor a) -> int", dtype}}, Mixing::row_wise);
  t.add("prim::layout", {{"layout(Tensor a) -> int", layout}}, Mixing::row_wise);
  t.add("prim::device", {{"device(Tensor a) -> Device", device_of}}, Mixing::row_wise);
  t.add("aten::device",
        {{"device(str a) -> Device", device}, {"device.with_index(str type, int index) -> Device", device}},
        Mixing::row_wise);
  for (const char* name : {"prim::is_cuda", "prim::is_sparse", "prim::is_mkldnn", "prim::is_quantized", "prim::is_meta",
                           "prim::is_mps", "prim::is_vulkan", "prim::is_xla", "prim::requires_grad", "aten::is_complex",
                           "aten::is_conj", "aten::is_neg", "aten::is_inference"}) {
    t.add(name, {{"is(Tensor a) -> bool", never}}, Mixing::row_wise);
  }
  t.add("prim::is_cpu", {{"is_cpu(Tensor a) -> bool", always}}, Mixing::row_wise);
  t.add("prim::is_leaf", {{"is_leaf(Tensor a) -> bool", always}}, Mixing::row_wise);
  t.add("aten::is_floating_point", {{"is_floating_point(Tensor self) -> bool", is_floating_point}}, Mixing::row_wise);
  t.add("aten::is_contiguous", {{"is_contiguous(Tensor self) -> bool", is_contiguous}});
  t.add("aten::storage_offset", {{"storage_offset(Tensor self) -> int", storage_offset}});
  t.add("aten::is_same_size", {{"is_same_size(Tensor self, Tensor other) -> bool", same_sizes}});
  t.add("aten::result_type", {{"result_type.Tensor(Tensor tensor, Tensor other) -> ScalarType", result_type},
                              {"result_type.Scalar(Tensor tensor, Scalar other) -> ScalarType", result_type},
                              {"result_type.Scalar_Tensor(Scalar scalar, Tensor tensor) -> ScalarType", result_type}});
  t.add("aten::broadcast_shapes", {{"broadcast_shapes(Any shapes) -> int[]", broadcast_shapes}});
  t.add("prim::RaiseException", {{"RaiseException(Any msg, Any cls=None) -> ()", raise}});
  t.add("aten::warn", {{"warn(str message, int stacklevel=2) -> ()", nothing}}, Mixing::row_wise);
  for (const char* name : {"prim::data", "prim::unchecked_cast", "aten::_no_grad_view", "aten::data"}) {
    t.add(name, {{"itself(Any a) -> Any", itself}}, Mixing::row_wise);
  }
  t.add("prim::is_grad_enabled", {{"is_grad_enabled() -> bool", [](Call& c) { c.give(Value(false)); }}});
  t.add("aten::is_grad_enabled", {{"is_grad_enabled() -> bool", [](Call& c) { c.give(Value(false)); }}});
  t.add("profiler::_record_function_enter", {{"_record_function_enter(str name, str? args=None) -> Any", nothing}},
        Mixing::row_wise);
  t.add("profiler::_record_function_exit", {{"_record_function_exit(Any handle) -> ()", nothing}}, Mixing::row_wise);
}

/// Known by name, so that the reason is said: what they would need is not there.
void add_refused(Table& t) {
  const auto refuse = [&](std::initializer_list<const char*> names, void (*run)(Call&)) {
    for (const char* name : names) {
      t.add(name, {{"refused(Any a=None, Any b=None, Any c=None, Any d=None, Any e=None, Any f=None, Any g=None, Any "
                    "h=None, Any i=None) -> Any",
                    run}});
    }
  };
  refuse({"aten::rand", "aten::randn", "aten::randint", "aten::rand_like", "aten::randn_like", "aten::randint_like",
          "aten::randperm", "aten::bernoulli", "aten::bernoulli_", "aten::normal", "aten::normal_", "aten::uniform_",
          "aten::multinomial", "aten::exponential_", "aten::manual_seed"},
         [](Call& c) { c.refuse("a model without chance", "random numbers"); });
  refuse({"aten::complex", "aten::view_as_complex", "aten::view_as_real", "aten::fft_fft", "aten::fft_fft2",
          "aten::fft_fftn", "aten::fft_rfft", "aten::fft_irfft", "aten::imag", "aten::polar", "aten::angle"},
         [](Call& c) { c.refuse("real numbers", "complex numbers"); });
  refuse({"aten::sparse_coo_tensor", "aten::to_sparse", "aten::to_dense", "aten::_sparse_mm", "aten::coalesce"},
         [](Call& c) { c.refuse("dense tensors", "sparse ones"); });
  refuse({"aten::quantize_per_tensor", "aten::quantize_per_channel", "aten::dequantize", "quantized::linear",
          "quantized::linear_dynamic", "aten::_choose_qparams_per_tensor"},
         [](Call& c) { c.refuse("tensors of numbers", "quantized ones"); });
}

}  // namespace bertrt::graph
