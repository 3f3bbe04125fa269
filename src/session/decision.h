#pragma once

#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/options.h"
#include "bertrt/output.h"
#include "family/trace.h"
#include "model/model_file.h"

namespace bertrt::session {

/// An engine, and whether it may and can run a file.
struct Candidate {
  EngineKind engine = EngineKind::packed;
  bool possible = false;
  std::string why;                          ///< the reason for or against it, one line
  ErrorCode code = ErrorCode::unsupported;  ///< of the error when it is asked for by name and not possible
};

/// How a file is going to be run under some options, told without running anything in it. Loading and inspect() both
/// go by it, so that what one says the other does.
struct Decision {
  std::vector<Candidate> candidates;  ///< in the order in which they are tried
  /// Of the model as the file describes it, in its own order. Where one is Evidence::recognized, all are told from the
  /// graph, by flatten()'s names and with `in_more` set: engines that cannot tell roles themselves take them from here.
  std::vector<OutputInfo> outputs;
  std::vector<std::string> findings;       ///< one line each
  std::vector<std::string> not_explained;  ///< SessionInfo::not_explained

  /// The first that is possible; null when none is.
  const Candidate* first() const noexcept;
  const Candidate& of(EngineKind engine) const;
};

/// @throws Error invalid_argument for options that contradict each other
Decision decide(const model::ModelFile& file, const family::Trace& trace, const SessionOptions& options);

/// Whether libtorch may see a file: by Trust::checked or full, or by asking for its engine by name.
bool may_use_libtorch(const SessionOptions& options) noexcept;

/// @throws Error invalid_argument
void check_options(const SessionOptions& options);

}  // namespace bertrt::session
