#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "bertrt/export.h"
#include "bertrt/session.h"

namespace bertrt {
inline namespace v0 {

/// How far a session is from what its model's file says: the Python outputs that a bundle or a
/// folder carries (bertrt_reference.json), and the trace.
struct VerifyReport {
  EngineKind engine = EngineKind::packed;  ///< the session's
  std::size_t cases = 0;                   ///< texts that were compared, of both kinds together
  std::size_t trace_cases = 0;      ///< of them, made-up texts whose expected values the trace's own operators gave
  std::size_t longest_case = 0;     ///< of those, in tokens
  float max_hidden_difference = 0;  ///< by max(1, the largest value of its row), as the bounds are
  float max_logits_difference = 0;  ///< likewise; of logits and all other outputs
  bool tokens_equal = false;        ///< the session's tokenizer gives the bundle's ids; true, too, where it has none
  bool hidden_ok = false;           ///< hidden states within the documented bounds of the session's dtype
  bool logits_ok = false;           ///< logits likewise; true, too, where there are values for none
  bool ok = false;                  ///< all of them, and `why` is empty
  std::string why;  ///< the first thing that differs or could not be compared, one line; empty where nothing does
};

/// Runs the self-test of the session's bundle, or the folder's. @throws Error unsupported when it carries none: then
/// nothing could be compared
BERTRT_API VerifyReport verify(const BertSession& session);

/// Loads a model and holds it to all that its file has to compare it with: a bundle's self-test, and, where its code
/// can be read as a graph, the plain evaluation of that for every length up to 8 and others up to the model's limit
/// (512 tokens at most), with masks of all kinds, one batch against each text alone. Takes seconds to minutes.
/// @throws Error what load throws; unsupported when there is nothing to compare with
BERTRT_API VerifyReport verify(const std::filesystem::path& path, const SessionOptions& options = {});

}  // namespace v0
}  // namespace bertrt
