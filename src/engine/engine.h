#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/output.h"
#include "bertrt/session.h"

namespace bertrt::engine {

/// What an engine found out about itself while it was made; the session's info is filled from it.
struct EngineFacts {
  std::vector<std::string> inputs;  ///< names, in the trace's order; empty: the model file's
  /// What run() can fill, in EncoderOutput's order: hidden states first layer first, pooled output, logits, and last
  /// what comes in `more`.
  std::vector<OutputInfo> outputs;
  DType dtype = DType::fp32;   ///< the arithmetic in use
  std::size_t max_length = 0;  ///< longest text in tokens; 0: no limit
  std::string max_length_why;  ///< for the message about a longer one; may be empty
  std::size_t proven_min = 0;  ///< lengths run without padding
  std::size_t proven_max = 0;
  std::string lengths_why;
  std::string kernels;  ///< the arithmetic that was chosen for this machine; empty: the engine's own affair
  std::vector<std::string> findings;
  std::vector<std::string> not_explained;  ///< SessionInfo::not_explained
  std::vector<LoadStage> load_stages;
};

/// A batch and a request in, outputs out. Immutable after construction; run() may be called from many threads.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Rows of the output are the batch's own tokens in the order given. The batch has been validated.
  /// @throws Error runtime, unsupported; invalid_argument for RunRequest::logit_tokens that the batch has not
  virtual EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const = 0;

  virtual const EngineFacts& facts() const noexcept = 0;
};

}  // namespace bertrt::engine
