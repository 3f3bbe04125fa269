#include "model/operator_table.h"

#include <algorithm>
#include <array>
#include <string>

namespace bertrt::model {
namespace {

// The one place that says which operators a model may call. Names are those of the schemas that torch 2.13 registers;
// an in-place twin (a name with one underscore at its end) follows its base. Left out on purpose, and so reported as
// unknown: random numbers, backward passes, sparse, nested and quantized tensors, and kernels of one device.
// clang-format off
constexpr auto kAllowed = std::to_array<std::string_view>({
    "Bool", "Delete", "Float", "FloatImplicit", "Int", "IntImplicit", "ScalarImplicit", "Size", "__and__",
    "__contains__", "__derive_index", "__getitem__", "__iand__", "__ilshift__", "__ior__", "__irshift__", "__is__",
    "__isnot__", "__ixor__", "__lshift__", "__not__", "__or__", "__range_length", "__round_to_zero_floordiv",
    "__rshift__", "__xor__", "_assert_async", "_cast_Byte", "_cast_Char", "_cast_Double", "_cast_Float", "_cast_Half",
    "_cast_Int", "_cast_Long", "_cast_Short", "_convolution", "_get_tracing_state", "_infer_size", "_int_mm",
    "_list_to_tensor", "_log_softmax", "_pad_enum", "_safe_softmax", "_scaled_dot_product_attention_math",
    "_scaled_dot_product_flash_attention_for_cpu", "_set_item", "_shape_as_tensor", "_softmax", "_stack",
    "_tensor_to_list", "_unsafe_view", "_unwrap_optional", "_weight_norm", "abs", "absolute", "acos", "acosh",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "alias",
    "all", "amax", "amin", "aminmax", "angle", "any", "append", "arange", "arcsin", "arctan", "argmax", "argmin",
    "argsort", "as_tensor", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d",
    "avg_pool1d", "avg_pool2d", "baddbmm", "batch_norm", "bilinear", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bmm", "bool", "broadcast_shapes",
    "broadcast_tensors", "broadcast_to", "bucketize", "can_cast", "cat", "cdist", "ceil", "celu", "chalf", "chr",
    "chunk", "clamp", "clamp_max", "clamp_min", "clear", "clip", "clone", "column_stack", "complex", "concat",
    "concatenate", "constant_pad_nd", "contiguous", "conv1d", "conv2d", "conv3d", "convolution", "copy", "cos",
    "cosh", "cosine_similarity", "count", "count_nonzero", "cpu", "cross", "cross_entropy_loss", "cummax", "cumprod",
    "cumsum", "detach", "device", "diag", "diag_embed", "diagonal", "dict", "diff", "dim", "div", "divide", "divmod",
    "dot", "dropout", "dtype", "einsum", "element_size", "elu", "embedding", "empty", "empty_like", "empty_permuted",
    "endswith", "eq", "equal", "erf", "erfc", "erfinv", "exp", "exp2", "expand", "expand_as", "expm1", "extend",
    "eye", "fft_fft", "fft_fft2", "fft_fftn", "fill", "find", "flatten", "flip", "fliplr", "flipud", "float_power",
    "floor", "floor_divide", "floordiv", "fmax", "fmin", "fmod", "format", "frac", "full", "full_like", "gather",
    "ge", "gelu", "get", "get_device", "glu", "greater", "greater_equal", "group_norm", "gt", "hardsigmoid",
    "hardswish", "hardtanh", "hstack", "index", "index_add", "index_copy", "index_fill", "index_put", "index_reduce",
    "index_select", "indices", "inner", "insert", "instance_norm", "int_repr", "inverse", "is_contiguous", "is_cuda",
    "is_floating_point", "is_grad_enabled", "is_nonzero", "is_same_size", "is_scripting", "is_signed", "isclose",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "item", "items", "join", "keys", "kl_div",
    "kthvalue", "layer_norm", "le", "len", "lerp", "less", "less_equal", "linalg_norm", "linalg_vector_norm",
    "linear", "linspace", "list", "log", "log10", "log1p", "log2", "log_sigmoid", "log_softmax", "logaddexp",
    "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logsumexp",
    "lower", "lt", "masked_fill", "masked_scatter", "masked_select", "matmul", "max", "max_pool1d", "max_pool2d",
    "maximum", "mean", "median", "meshgrid", "min", "minimum", "mish", "mm", "movedim", "mul", "multiply", "mv",
    "nan_to_num", "nanmean", "nansum", "narrow", "native_dropout", "native_layer_norm", "ne", "neg", "new_empty",
    "new_full", "new_ones", "new_zeros", "nonzero", "nonzero_static", "norm", "normal_functional", "not_equal",
    "numel", "one_hot", "ones", "ones_like", "ord", "outer", "pad", "pad_sequence", "pairwise_distance",
    "percentFormat", "permute", "pop", "positive", "pow", "prelu", "prod", "promote_types", "qscheme", "quantile",
    "range", "ravel", "real", "reciprocal", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "relu",
    "relu6", "remainder", "remove", "repeat", "repeat_interleave", "replace", "replication_pad1d",
    "replication_pad2d", "replication_pad3d", "reshape", "reshape_as", "result_type", "reverse", "rms_norm", "roll",
    "rot90", "round", "rsqrt", "rsub", "scalar_tensor", "scaled_dot_product_attention", "scatter", "scatter_add",
    "scatter_reduce", "searchsorted", "select", "select_scatter", "selu", "set", "sgn", "sigmoid", "sign", "signbit",
    "silu", "sin", "sinh", "size", "slice", "slice_scatter", "softmax", "softplus", "sort", "sorted", "split",
    "split_with_sizes", "sqrt", "square", "squeeze", "stack", "startswith", "std", "std_mean", "str", "strip", "sub",
    "subtract", "sum", "sum_to_size", "swapaxes", "t", "take_along_dim", "tan", "tanh", "tensor", "tensor_split",
    "tensordot", "threshold", "tile", "to", "to_dense", "topk", "trace", "transpose", "tril", "tril_indices", "triu",
    "true_divide", "trunc", "type", "type_as", "unbind", "unflatten", "unfold", "unique_consecutive", "unique_dim",
    "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "update", "upper", "values", "var",
    "var_mean", "view", "view_as", "view_as_complex", "view_as_real", "vstack", "warn", "where", "zero", "zeros",
    "zeros_like"
});
// clang-format on

// clang-format off
constexpr auto kAllowedPrim = std::to_array<std::string_view>({
    "NumToTensor", "RaiseException", "TupleIndex", "TupleUnpack", "Uninitialized", "abs", "data", "device", "dtype",
    "is_cpu", "is_cuda", "is_meta", "is_mkldnn", "is_nested", "is_quantized", "is_sparse", "itemsize", "layout",
    "max", "min", "name", "nbytes", "requires_grad", "tolist", "type", "unchecked_cast", "unchecked_unwrap_optional"
});
// clang-format on

struct Rule {
  std::string_view name;
  OperatorRule rule;
  std::string_view why;
};

constexpr std::string_view kUnchecked = "makes a view of memory without checking its bounds";
// libtorch checks as_strided's bounds against the storage, but a view like that can show memory which the model never
// wrote. A warning and not a refusal since every Longformer trace has it (its overlapping chunks).
constexpr std::string_view kStrided = "makes a view by computed strides (Longformer does; libtorch checks its bounds)";

// Judged wherever the name stands behind a dot.
constexpr auto kMembers = std::to_array<Rule>({
    {"__setstate__", OperatorRule::refuse, "runs code while the file is loaded"},
    {"save", OperatorRule::refuse, "writes a file"},
    {"from_file", OperatorRule::refuse, "maps a file into memory"},
    {"data_ptr", OperatorRule::refuse, "reveals a memory address"},
    {"set_", OperatorRule::refuse, "replaces a tensor's memory"},
    {"set_data", OperatorRule::refuse, "replaces a tensor's memory"},
    {"resize_storage_bytes_", OperatorRule::refuse, "resizes a tensor's memory"},
    {"_alloc_from_pool", OperatorRule::refuse, kUnchecked},
    {"_reinterpret_tensor", OperatorRule::refuse, kUnchecked},
    {"_reshape_alias", OperatorRule::refuse, kUnchecked},
    {"_reshape_alias_copy", OperatorRule::refuse, kUnchecked},
    {"_nested_view_from_buffer", OperatorRule::refuse, kUnchecked},
    {"_nested_view_from_buffer_copy", OperatorRule::refuse, kUnchecked},
    {"_nested_view_from_jagged", OperatorRule::refuse, kUnchecked},
    {"_nested_view_from_jagged_copy", OperatorRule::refuse, kUnchecked},
    {"copy_strided", OperatorRule::refuse, kUnchecked},
    {"view_of_dtype", OperatorRule::refuse, kUnchecked},
    {"_unsafe_index", OperatorRule::refuse, "indexes memory without checking its bounds"},
    {"_unsafe_index_put", OperatorRule::refuse, "indexes memory without checking its bounds"},
    {"_unsafe_masked_index", OperatorRule::refuse, "indexes memory without checking its bounds"},
    {"_unsafe_masked_index_put_accumulate", OperatorRule::refuse, "indexes memory without checking its bounds"},
    {"_sparse_coo_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"_sparse_compressed_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"_sparse_csr_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"_sparse_csc_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"_sparse_bsr_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"_sparse_bsc_tensor_unsafe", OperatorRule::refuse, "makes a sparse tensor without checking its indices"},
    {"PythonOp", OperatorRule::refuse, "calls Python"},
    {"IgnoredPythonOp", OperatorRule::refuse, "calls Python"},
    {"rpc_sync", OperatorRule::refuse, "calls another process"},
    {"rpc_async", OperatorRule::refuse, "calls another process"},
    {"rpc_remote", OperatorRule::refuse, "calls another process"},
    {"as_strided", OperatorRule::warning, kStrided},
    {"as_strided_", OperatorRule::warning, kStrided},
    {"as_strided_copy", OperatorRule::warning, kStrided},
    {"as_strided_scatter", OperatorRule::warning, kStrided},
});

constexpr std::string_view kPacked = "trusts memory that another operator packed";
constexpr std::string_view kNetwork = "talks to other processes";

// Whole namespaces; one that is not here belongs to another library.
constexpr auto kSpaces = std::to_array<Rule>({
    {"inductor", OperatorRule::refuse, kUnchecked},
    {"inductor_prims", OperatorRule::refuse, kUnchecked},
    {"prims", OperatorRule::refuse, "is meant for compilers and checks little"},
    {"static_runtime", OperatorRule::refuse, "is meant for compilers and checks little"},
    {"mkl", OperatorRule::refuse, kPacked},
    {"mkldnn", OperatorRule::refuse, kPacked},
    {"mkldnn_prepacked", OperatorRule::refuse, kPacked},
    {"onednn", OperatorRule::refuse, kPacked},
    {"c10d", OperatorRule::refuse, kNetwork},
    {"_c10d_functional", OperatorRule::refuse, kNetwork},
    {"_c10d_functional_autograd", OperatorRule::refuse, kNetwork},
    {"symm_mem", OperatorRule::refuse, kNetwork},
    {"quantized", OperatorRule::warning, "works on quantized tensors, which only the torchscript engine can run"},
    {"_quantized", OperatorRule::warning, "works on quantized tensors, which only the torchscript engine can run"},
    {"profiler", OperatorRule::warning, "talks to libtorch's profiler"},
});

constexpr auto kBuiltins = std::to_array<Rule>({
    {"print", OperatorRule::warning, "prints"},
    {"rpc_sync", OperatorRule::refuse, "calls another process"},
    {"rpc_async", OperatorRule::refuse, "calls another process"},
    {"rpc_remote", OperatorRule::refuse, "calls another process"},
    {"open", OperatorRule::refuse, "opens a file"},
});

template <typename Table>
const Rule* find(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Rule& rule) { return rule.name == name; });
  return found == table.end() ? nullptr : &*found;
}

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

static_assert(std::is_sorted(kAllowed.begin(), kAllowed.end()));
static_assert(std::is_sorted(kAllowedPrim.begin(), kAllowedPrim.end()));

}  // namespace

OperatorVerdict judge_operator(std::string_view space, std::string_view name) {
  if (const Rule* member = find(kMembers, name)) return {member->rule, member->why};
  if (space == "aten") {
    if (contains(kAllowed, name)) return {};
    const bool in_place = name.size() > 1 && name.back() == '_' && name[name.size() - 2] != '_';
    if (in_place && contains(kAllowed, name.substr(0, name.size() - 1))) return {};
    return {OperatorRule::warning, "is not on this library's list of harmless operators"};
  }
  if (space == "prim") {
    if (contains(kAllowedPrim, name)) return {};
    return {OperatorRule::warning, "is not on this library's list of harmless operators"};
  }
  if (const Rule* known = find(kSpaces, space)) return {known->rule, known->why};
  return {OperatorRule::warning, "comes from another library, which has to be named in operator_libraries and runs"};
}

OperatorVerdict judge_member(std::string_view name) {
  const Rule* member = find(kMembers, name);
  return member == nullptr ? OperatorVerdict{} : OperatorVerdict{member->rule, member->why};
}

OperatorVerdict judge_builtin(std::string_view name) {
  const Rule* builtin = find(kBuiltins, name);
  return builtin == nullptr ? OperatorVerdict{} : OperatorVerdict{builtin->rule, builtin->why};
}

}  // namespace bertrt::model
