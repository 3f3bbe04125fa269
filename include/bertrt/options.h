#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

enum class EngineKind {
  automatic,    ///< the fastest that is right for this file: packed, else graph, else what `trust` allows
  packed,       ///< our own forward pass on the model's weights, without padding
  graph,        ///< our own evaluation of the trace's computation, read as data and never executed
  torchscript,  ///< libtorch's interpreter on the trace itself. Asking for it by name is consent to Trust::checked
};

/// What the packed engine multiplies. Sums, softmax and norms are fp32 in all three.
///
/// fp32: within rounding of the trace. bf16: weights and inputs rounded to bf16. int8: weights by output channel,
/// inputs by row, in layers; attention in fp32, or from 48 tokens on in bf16 where the processor multiplies that
/// (AVX-512 bf16, AMX), so that longer texts give other last digits there than elsewhere; BERTRT_MAX_ISA=avx512vnni
/// gives everywhere the same.
enum class DType { fp32, bf16, int8 };

/// How a text shorter than the traced shape is run by the torchscript engine.
enum class LengthPolicy {
  automatic,  ///< at its own length inside the range that is proven, padded to the traced shape outside it
  fixed,      ///< always padded to the traced shape
};

/// What a file may make this process do. A TorchScript file is a program.
enum class Trust {
  data_only,  ///< nothing: none of its code runs, and libtorch never sees it (packed and graph engines alone)
  checked,    ///< libtorch may run it where its operators are all known to compute and no more. That bounds neither its
              ///< time nor what libtorch's own mistakes allow
  full,       ///< you vouch for the file: it can do what a program can do
};

/// "automatic", "packed", … as written above; parse() takes "auto", too.
BERTRT_API std::string_view to_string(EngineKind engine) noexcept;
BERTRT_API std::string_view to_string(DType dtype) noexcept;
BERTRT_API std::string_view to_string(LengthPolicy policy) noexcept;
BERTRT_API std::string_view to_string(Trust trust) noexcept;
template <>
BERTRT_API std::optional<EngineKind> parse(std::string_view name) noexcept;
template <>
BERTRT_API std::optional<DType> parse(std::string_view name) noexcept;
template <>
BERTRT_API std::optional<LengthPolicy> parse(std::string_view name) noexcept;
template <>
BERTRT_API std::optional<Trust> parse(std::string_view name) noexcept;

/// What the packed engine alone, and packed encoders inside the graph engine, take.
struct PackedOptions {
  /// The arithmetic of the layers; embeddings, attention, norms and heads are fp32. Documented bounds are in
  /// docs/benchmarks-session.md. Asked for (not fp32), it is an error where the chosen engine has no such arithmetic.
  DType dtype = DType::fp32;
};

/// What libtorch alone takes. Setting any of it does not choose the engine.
struct TorchScriptOptions {
  /// "cpu", or "cuda:N" where libtorch has it. Another one than the CPU is an error for every other engine.
  std::string device = "cpu";
  /// Which lengths a trace runs at.
  LengthPolicy length_policy = LengthPolicy::automatic;
  /// Names for the trace's inputs in its own order, e.g. {"input_ids", "attention_mask", "token_type_ids"}, where they
  /// have lost theirs (a compiled trace calls them argument_1, argument_2, …). Empty: the trace's own.
  std::vector<std::string> input_names = {};
  /// Operator libraries (shared objects) to open before the model, e.g. a vendor's for a compiled trace. They run:
  /// they need Trust::full.
  std::vector<std::filesystem::path> operator_libraries = {};
  /// The torchscript module, or the folder that it is in. Empty: beside the library, in its install tree, or where the
  /// variable BERTRT_MODULE_PATH says.
  std::filesystem::path module_path = {};
};

/// How to load a session. Every field has a default.
struct SessionOptions {
  /// Which engine; `automatic` takes the fastest that is right.
  EngineKind engine = EngineKind::automatic;
  /// Tokenizer file or folder; empty: the bundle's own, or a vocab.txt / tokenizer.json beside the model.
  std::filesystem::path tokenizer = {};
  /// Left out, `automatic` never goes to libtorch, and EngineKind::torchscript counts as consent to Trust::checked.
  /// An explicit data_only with the torchscript engine is an error.
  std::optional<Trust> trust = std::nullopt;
  /// Threads of one forward pass in this session; 0: as bertrt::num_threads() says. At most 1024.
  std::size_t threads = 0;
  /// Most bytes that one run may hold beside the weights, where that is known before it starts (graph engine): a text
  /// that needs more is refused, and no more texts of a batch run side by side than fit. 0: a share of the machine's
  /// memory.
  std::size_t memory_budget = 0;
  /// Lengths to run once while loading, so that the first real call is not slow. Empty: a short one, and
  /// for the torchscript engine the traced one.
  std::vector<std::size_t> warmup_lengths = {};
  /// Switch warm-up off (the first calls are slower, the load faster).
  bool warmup = true;
  /// Switch the load-time proof off: the packed engine is then used unchecked.
  bool prove = true;
  /// A folder that remembers which bare traces the packed engine was proven equal to, so that the next load of the same
  /// bytes, in the same dtype on the same kind of processor, does without running the trace. It is made when needed;
  /// files in it that are not whole are ignored, and a folder that cannot be written to costs a warning. It should be
  /// one that only you can write to: who can, can vouch for any model. Empty: every load proves anew. (A bundle's
  /// self-test is quick and always run.)
  std::filesystem::path proof_cache = {};
  /// What the packed engine takes.
  PackedOptions packed = {};
  /// What libtorch takes.
  TorchScriptOptions torchscript = {};
};

}  // namespace v0
}  // namespace bertrt
