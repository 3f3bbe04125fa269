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
#include "bertrt/options.h"
#include "bertrt/output.h"
#include "bertrt/tokenizer.h"

namespace bertrt::session {
class SessionImpl;
struct Access;
}  // namespace bertrt::session

namespace bertrt {
inline namespace v0 {

/// One stage of loading.
struct LoadStage {
  std::string name;         ///< "read", "pack", …
  double milliseconds = 0;  ///< wall time
};

/// What a loaded session is, for people and for decisions.
struct SessionInfo {
  EngineKind engine = EngineKind::packed;  ///< the one in use, never `automatic`
  std::string engine_why;                  ///< why this one
  DType dtype = DType::fp32;               ///< the arithmetic in use
  std::string architecture;                ///< "bert", …; empty when unknown
  std::string task;                        ///< "encoder", "masked-lm", …
  std::vector<std::string> inputs;         ///< names, in the trace's order
  std::vector<OutputInfo> outputs;    ///< what run() can give, in EncoderOutput's order: a hidden state a layer first
  std::size_t traced_batch = 0;       ///< 0 when the file does not say
  std::size_t traced_length = 0;      ///< 0 when the file does not say
  std::size_t max_length = 0;         ///< longest text in tokens; 0: no limit but memory
  std::size_t proven_min = 0;         ///< lengths run without padding: proven_min … proven_max; 0,0: none
  std::size_t proven_max = 0;         ///< see proven_min
  std::string lengths_why;            ///< how the range was proven
  std::string kernels;                ///< the packed engine's inner loops and their measured rates; else empty
  std::size_t hidden_size = 0;        ///< columns of a hidden state, 0 when unknown
  std::size_t vocab_size = 0;         ///< rows of the word embedding, 0 when unknown
  std::vector<std::string> labels;    ///< of a classifying head, by index; empty where the files name none
  std::vector<std::string> findings;  ///< warnings about the trace, one line each
  std::vector<std::string> not_explained;  ///< what kept the trace from being a recognized encoder, one line each
  std::vector<LoadStage> load_stages;      ///< one after the other; their sum is the whole load

  /// The first output of a role that EncoderOutput has a member for; null when the model gives none.
  BERTRT_API const OutputInfo* find_output(OutputRole role) const noexcept;
};

/// A model with its tokenizer: text in, typed results out.
///
///   auto session = bertrt::BertSession::load("traced_bert.pt", {.tokenizer = "vocab.txt"});
///   bertrt::Encoding x = session.tokenizer().encode("Who was Jim Henson ?", "Jim [MASK] was a puppeteer");
///   bertrt::EncoderOutput y = session.run(x);   // y.last_hidden_state(), y.pooled_output
///
/// A cheap handle on an immutable object: copies share it, and every const call may run on many threads at once.
/// The same batch in one session and thread count gives identical bits; a text alone, padded, batched or reordered
/// gives the same answer within 1e-5 (hidden states) and 1e-4 (logits) in fp32. Every call on an object that was moved
/// from is an Error invalid_argument.
class BERTRT_API BertSession {
 public:
  /// From a .pt file, or from a checkpoint folder as it is downloaded: config.json (or the path of it),
  /// model.safetensors or its shards, the tokenizer's files. What is there is read completely; it may be replaced
  /// afterwards.
  /// @throws Error, with every code but missing_mask_token
  static BertSession load(const std::filesystem::path& path, const SessionOptions& options = {});
  /// From memory; `bytes` are read during the call only. `name` stands for the path in messages.
  static BertSession load_from_memory(std::span<const std::byte> bytes, const SessionOptions& options = {},
                                      std::string_view name = "memory");

  /// The tokenizer that load() would give the session, without the rest of the model: of a bundle the file's directory
  /// and the tokenizer's entries are read and nothing else. It has no limit but the one that its own files give.
  /// @throws Error unsupported where there is none; as load()
  static Tokenizer load_tokenizer(const std::filesystem::path& path);

  /// @throws Error invalid_argument for an empty encoding, ids out of range or vectors of different lengths;
  ///         input_too_long; runtime
  EncoderOutput run(const Encoding& encoding, const RunRequest& request = {}) const;
  /// Any mix of lengths; rows come back in the order given. @throws Error invalid_argument for an empty batch
  EncoderOutput run(std::span<const Encoding> batch, const RunRequest& request = {}) const;
  /// The same for encodings that lie apart, as in a caller's own queue. @throws Error invalid_argument for a null, too
  EncoderOutput run(std::span<const Encoding* const> batch, const RunRequest& request = {}) const;

  /// @throws Error unsupported when the session was loaded without one
  const Tokenizer& tokenizer() const;
  /// Whether tokenizer() has one to give.
  bool has_tokenizer() const;
  /// What was loaded, and what was decided and why.
  const SessionInfo& info() const;

 private:
  friend struct session::Access;
  explicit BertSession(std::shared_ptr<const session::SessionImpl> impl) noexcept;
  const session::SessionImpl& impl() const;

  std::shared_ptr<const session::SessionImpl> impl_;
};

}  // namespace v0
}  // namespace bertrt
