#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/export.h"
#include "bertrt/output.h"
#include "bertrt/tokenizer.h"

namespace bertrt {

enum class EngineKind {
  automatic,    ///< packed where it is proven equal to the trace, else torchscript
  torchscript,  ///< libtorch's interpreter on the trace itself: the reference
  packed,       ///< our own forward pass on the trace's weights, without padding
};

enum class DType { fp32, bf16, int8 };

/// How a text shorter than the traced shape is run by the torchscript engine.
enum class LengthPolicy {
  automatic,  ///< at its own length inside the range that is proven, padded to the traced shape outside it
  fixed,      ///< always padded to the traced shape
};

/// Whether a file whose code reaches outside the model (writes files, runs code while loading) may be used.
enum class Trust {
  data_only,  ///< refused with ErrorCode::unsafe_model before libtorch sees it
  full,       ///< you vouch for the file: it can do what a program can do
};

/// How to load a session. Every field has a default.
struct SessionOptions {
  EngineKind engine = EngineKind::automatic;
  /// The packed engine's arithmetic. Its documented bounds are in docs/benchmarks-session.md.
  DType dtype = DType::fp32;
  /// "cpu", or "cuda:N" where libtorch has it.
  std::string device = "cpu";
  LengthPolicy length_policy = LengthPolicy::automatic;
  /// Tokenizer file or folder; empty: the bundle's own, or a vocab.txt / tokenizer.json beside the model.
  std::filesystem::path tokenizer = {};
  /// Names for the trace's inputs in its own order, e.g. {"input_ids", "attention_mask", "token_type_ids"}, where they
  /// have lost theirs (a compiled trace calls them argument_1, argument_2, …). Empty: the trace's own.
  std::vector<std::string> input_names = {};
  /// Operator libraries (shared objects) to open before the model, e.g. a vendor's for a compiled trace. They run.
  std::vector<std::filesystem::path> operator_libraries = {};
  Trust trust = Trust::data_only;
  /// Lengths to run once while loading, so that the first real call is not slow. Empty: a short one, and
  /// for the torchscript engine the traced one.
  std::vector<std::size_t> warmup_lengths = {};
  /// Switch warm-up off (the first calls are slower, the load faster).
  bool warmup = true;
  /// Switch the load-time proof off: the packed engine is then used unchecked.
  bool prove = true;
  /// A folder that remembers which bare traces the packed engine was proven equal to, so that the next load of the same
  /// bytes, in the same dtype on the same kind of processor, does without libtorch's interpreter. It is made when
  /// needed; files in it that are not whole are ignored, and a folder that cannot be written to costs a warning. It
  /// should be one that only you can write to: who can, can vouch for any model. Empty: every load proves anew. (A
  /// bundle's self-test is quick and always run.)
  std::filesystem::path proof_cache = {};
};

/// One stage of loading.
struct LoadStage {
  std::string name;
  double milliseconds = 0;
};

/// What a loaded session is, for people and for decisions.
struct SessionInfo {
  EngineKind engine = EngineKind::torchscript;  ///< the one in use
  std::string engine_why;                       ///< why this one
  std::string architecture;                     ///< "bert", …; empty when unknown
  std::string task;                             ///< "encoder", "masked-lm", …
  std::vector<std::string> inputs;              ///< names, in the trace's order
  std::vector<std::string> outputs;             ///< names of what run() can fill
  std::size_t traced_batch = 0;                 ///< 0 when the file does not say
  std::size_t traced_length = 0;                ///< 0 when the file does not say
  std::size_t max_length = 0;                   ///< longest text in tokens
  std::size_t proven_min = 0;                   ///< lengths run without padding: proven_min … proven_max; 0,0: none
  std::size_t proven_max = 0;
  std::string lengths_why;  ///< how the range was proven
  std::string kernels;      ///< the packed engine's inner loops and their measured rates; else empty
  std::size_t hidden_size = 0;
  std::size_t vocab_size = 0;  ///< rows of the word embedding, 0 when unknown
  std::vector<std::string> labels;
  std::vector<std::string> findings;   ///< warnings about the trace, one line each
  std::vector<LoadStage> load_stages;  ///< one after the other; their sum is the whole load
};

namespace session {
class SessionImpl;
}

/// A model with its tokenizer: text in, typed results out.
///
///   auto session = bertrt::BertSession::load("traced_bert.pt", {.tokenizer = "vocab.txt"});
///   bertrt::Encoding x = session.tokenizer().encode("Who was Jim Henson ?", "Jim [MASK] was a puppeteer");
///   bertrt::EncoderOutput y = session.run(x);   // y.all_encoder_layers, y.pooled_output
///
/// A cheap handle on an immutable object: copies share it, and every const call may run on many threads at once.
/// The same batch in one session and thread count gives identical bits; a text alone, padded, batched or reordered
/// gives the same answer within 1e-5 (hidden states) and 1e-4 (logits) in fp32.
class BERTRT_API BertSession {
 public:
  /// From a .pt file. The file is read completely; it may be replaced afterwards.
  /// @throws Error, with every code but missing_mask_token
  static BertSession load(const std::filesystem::path& path, const SessionOptions& options = {});
  /// From memory; `bytes` are read during the call only. `name` stands for the path in messages.
  static BertSession load_from_memory(std::span<const std::byte> bytes, const SessionOptions& options = {},
                                      std::string_view name = "memory");

  /// @throws Error invalid_argument for an empty encoding, ids out of range or vectors of different lengths;
  ///         input_too_long; runtime
  EncoderOutput run(const Encoding& encoding, const RunRequest& request = {}) const;
  /// Any mix of lengths; rows come back in the order given. @throws Error invalid_argument for an empty batch
  EncoderOutput run(std::span<const Encoding> batch, const RunRequest& request = {}) const;

  /// @throws Error unsupported when the session was loaded without one
  const Tokenizer& tokenizer() const;
  bool has_tokenizer() const noexcept;
  const SessionInfo& info() const noexcept;

  explicit BertSession(std::shared_ptr<const session::SessionImpl> impl);
  /// For the library's own tasks.
  const session::SessionImpl& impl() const noexcept { return *impl_; }

 private:
  std::shared_ptr<const session::SessionImpl> impl_;
};

}  // namespace bertrt
