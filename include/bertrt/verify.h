#pragma once

#include <cstddef>

#include "bertrt/export.h"
#include "bertrt/session.h"

namespace bertrt {

/// How far a session is from the Python outputs that its bundle carries, or its folder (bertrt_reference.json).
struct VerifyReport {
  EngineKind engine = EngineKind::packed;  ///< the session's
  std::size_t cases = 0;
  float max_hidden_difference = 0;  ///< absolute
  float max_logits_difference = 0;  ///< absolute
  bool tokens_equal = false;        ///< the session's tokenizer gives the bundle's ids; true, too, where it has none
  bool hidden_ok = false;           ///< hidden states within the documented bounds of the session's dtype
  bool logits_ok = false;           ///< logits likewise; true, too, where the bundle has values for none
  bool ok = false;                  ///< all of them
};

/// Runs the self-test of the session's bundle, or the folder's. @throws Error unsupported when it carries none: then nothing
/// could be compared
BERTRT_API VerifyReport verify(const BertSession& session);

}  // namespace bertrt
