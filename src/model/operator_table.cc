#include "model/operator_table.h"

#include <algorithm>
#include <array>

namespace bertrt::model {
namespace {

// The one place that says which operators a model may call when libtorch runs it. Names are those of the schemas that
// torch 2.13 registers; an in-place twin (a name with one underscore at its end) follows its base. Left out: what
// reaches files, processes or Python, what libtorch means for itself and checks little (a leading underscore as a
// rule), memory that was never written (empty, resize), random numbers, backward passes, sparse, nested and quantized
// tensors, integer division of numbers, which can end the process, and all that is new or that no encoder needs.
// clang-format off
constexpr auto kAllowed = std::to_array<std::string_view>({
    "Bool", "Delete", "Float", "FloatImplicit", "Int", "IntImplicit", "ScalarImplicit", "Size", "__and__",
    "__contains__", "__getitem__", "__iand__", "__ilshift__", "__ior__", "__irshift__", "__is__", "__isnot__",
    "__ixor__", "__lshift__", "__not__", "__or__", "__rshift__", "__xor__", "_assert_async", "_cast_Byte", "_cast_Char",
    "_cast_Double", "_cast_Float", "_cast_Half", "_cast_Int", "_cast_Long", "_cast_Short", "_convolution",
    "_log_softmax", "_pad_enum", "_safe_softmax", "_scaled_dot_product_attention_math", "_set_item", "_shape_as_tensor",
    "_softmax", "_unwrap_optional", "abs", "absolute", "acos", "acosh", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "alias", "all", "amax", "amin", "aminmax", "angle", "any",
    "append", "arange", "arcsin", "arctan", "argmax", "argmin", "argsort", "as_strided", "as_tensor", "asin", "asinh",
    "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d", "avg_pool1d", "avg_pool2d", "baddbmm",
    "batch_norm", "bilinear", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "bmm", "bool", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast", "cat", "cdist", "ceil",
    "celu", "chr", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "column_stack", "complex", "concat",
    "concatenate", "constant_pad_nd", "contiguous", "conv1d", "conv2d", "conv3d", "convolution", "copy", "cos", "cosh",
    "cosine_similarity", "count", "count_nonzero", "cpu", "cross", "cross_entropy_loss", "cummax", "cumprod", "cumsum",
    "detach", "device", "diag", "diag_embed", "diagonal", "dict", "diff", "dim", "div", "divide", "dot", "dropout",
    "dtype", "einsum", "element_size", "elu", "embedding", "endswith", "eq", "equal", "erf", "erfc", "erfinv", "exp",
    "exp2", "expand", "expand_as", "expm1", "extend", "eye", "fft_fft", "fft_fft2", "fft_fftn", "fill", "find",
    "flatten", "flip", "fliplr", "flipud", "float_power", "floor", "floor_divide", "floordiv", "fmax", "fmin", "fmod",
    "format", "frac", "full", "full_like", "gather", "ge", "gelu", "get", "get_device", "glu", "greater",
    "greater_equal", "group_norm", "gt", "hardsigmoid", "hardswish", "hardtanh", "hstack", "im2col", "index",
    "index_add", "index_copy", "index_fill", "index_put", "index_reduce", "index_select", "indices", "inner", "insert",
    "instance_norm", "inverse", "is_contiguous", "is_cuda", "is_floating_point", "is_grad_enabled", "is_nonzero",
    "is_same_size", "is_signed", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "item",
    "items", "join", "keys", "kl_div", "kthvalue", "layer_norm", "le", "len", "lerp", "less", "less_equal",
    "linalg_norm", "linalg_vector_norm", "linear", "linspace", "list", "log", "log10", "log1p", "log2", "log_sigmoid",
    "log_softmax", "logaddexp", "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logit", "logsumexp", "lower", "lt", "masked_fill", "masked_scatter", "masked_select", "matmul", "max",
    "max_pool1d", "max_pool2d", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mish", "mm", "movedim",
    "mul", "multiply", "mv", "nan_to_num", "nanmean", "nansum", "narrow", "native_layer_norm", "ne", "neg", "new_full",
    "new_ones", "new_zeros", "nonzero", "norm", "not_equal", "numel", "one_hot", "ones", "ones_like", "ord", "outer",
    "pad", "pad_sequence", "pairwise_distance", "percentFormat", "permute", "pop", "positive", "pow", "prelu", "prod",
    "promote_types", "quantile", "range", "ravel", "real", "reciprocal", "reflection_pad1d", "reflection_pad2d",
    "reflection_pad3d", "relu", "relu6", "remainder", "remove", "repeat", "repeat_interleave", "replace",
    "replication_pad1d", "replication_pad2d", "replication_pad3d", "reshape", "reshape_as", "result_type", "reverse",
    "rms_norm", "roll", "rot90", "round", "rsqrt", "rsub", "scalar_tensor", "scaled_dot_product_attention", "scatter",
    "scatter_add", "scatter_reduce", "searchsorted", "select", "select_scatter", "selu", "sgn", "sigmoid", "sign",
    "signbit", "silu", "sin", "sinh", "size", "slice", "slice_scatter", "softmax", "softplus", "sort", "sorted",
    "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack", "startswith", "std", "std_mean", "str", "strip",
    "sub", "subtract", "sum", "sum_to_size", "swapaxes", "t", "take_along_dim", "tan", "tanh", "tensor", "tensor_split",
    "tensordot", "threshold", "tile", "to", "topk", "trace", "transpose", "tril", "tril_indices", "triu", "true_divide",
    "trunc", "type", "type_as", "unbind", "unflatten", "unfold", "unique_consecutive", "unique_dim", "unsqueeze",
    "update", "upper", "values", "var", "var_mean", "view", "view_as", "view_as_real", "vstack", "warn", "where",
    "zero", "zeros", "zeros_like"
});

constexpr auto kAllowedPrim = std::to_array<std::string_view>({
    "NumToTensor", "RaiseException", "TupleIndex", "TupleUnpack", "abs", "device", "dtype", "is_cpu", "is_cuda",
    "is_meta", "itemsize", "layout", "max", "min", "tolist", "unchecked_unwrap_optional"
});
// clang-format on

// By a divisor that stands in the code, and is no 0 and no -1, alone.
constexpr auto kDividing = std::to_array<std::string_view>({"floordiv", "fmod", "remainder"});

// Functions without a namespace. Not: print, open, the ways to other processes, and casts that libtorch believes.
constexpr auto kBuiltins = std::to_array<std::string_view>(
    {"abs", "annotate", "bool", "float", "getattr", "int", "isinstance", "len", "max", "min", "range", "str"});

struct Reason {
  std::string_view name;
  std::string_view why;
};

// Names of which more can be said than that they are not on the list.
constexpr auto kReasons = std::to_array<Reason>({
    {"__setstate__", "runs code while the file is loaded"},
    {"_reinterpret_tensor", "makes a view of memory without checking its bounds"},
    {"_reshape_alias", "makes a view of memory without checking its bounds"},
    {"data_ptr", "reveals a memory address"},
    {"empty", "gives memory that was never written"},
    {"fork", "starts a thread"},
    {"from_file", "maps a file into memory"},
    {"open", "opens a file"},
    {"print", "prints"},
    {"resize_", "gives memory that was never written"},
    {"rpc_async", "calls another process"},
    {"rpc_remote", "calls another process"},
    {"rpc_sync", "calls another process"},
    {"save", "writes a file"},
    {"set_", "replaces a tensor's memory"},
    {"unchecked_cast", "takes a value for another type unchecked"},
    {"uninitialized", "gives a value that was never written"},
});

constexpr std::string_view kUnknown = "is not on this library's list of harmless operators";

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

static_assert(std::is_sorted(kAllowed.begin(), kAllowed.end()));
static_assert(std::is_sorted(kAllowedPrim.begin(), kAllowedPrim.end()));
static_assert(std::is_sorted(kDividing.begin(), kDividing.end()));
static_assert(std::is_sorted(kBuiltins.begin(), kBuiltins.end()));

OperatorVerdict unless(bool allowed, std::string_view name, std::string_view otherwise = kUnknown) {
  if (allowed) return {};
  const auto found =
      std::find_if(kReasons.begin(), kReasons.end(), [&](const Reason& reason) { return reason.name == name; });
  return {false, found == kReasons.end() ? otherwise : found->why};
}

bool allowed_aten(std::string_view name) {
  if (contains(kAllowed, name)) return true;
  const bool in_place = name.size() > 1 && name.back() == '_' && name[name.size() - 2] != '_';
  return in_place && name != "as_strided_" && contains(kAllowed, name.substr(0, name.size() - 1));
}

}  // namespace

OperatorVerdict judge_operator(std::string_view space, std::string_view name) {
  if (space == "aten") return unless(allowed_aten(name), name);
  if (space == "prim") return unless(contains(kAllowedPrim, name), name);
  return unless(false, name, "comes from outside of libtorch's arithmetic: nobody here knows what it does");
}

OperatorVerdict judge_builtin(std::string_view name) {
  // "_0(x)" behind "_0 = __torch__.helper", as traces call scripted functions.
  const bool own = name.size() > 1 && name[0] == '_' && name[1] >= '0' && name[1] <= '9';
  return unless(contains(kBuiltins, name), name,
                own ? "is called, a value of the code's own: what it stands for is not followed" : kUnknown);
}

bool divides(std::string_view name) {
  if (name.ends_with('_')) name.remove_suffix(1);
  return contains(kDividing, name);
}

}  // namespace bertrt::model
