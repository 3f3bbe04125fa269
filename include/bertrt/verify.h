#pragma once

#include <cstddef>
#include <string>

#include "bertrt/export.h"
#include "bertrt/session.h"

namespace bertrt {

/// How far a session is from the Python outputs that its bundle carries.
struct VerifyReport {
  std::string engine;      ///< "torchscript" or "packed"
  std::size_t cases = 0;
  float max_hidden_difference = 0;  ///< absolute
  float max_logits_difference = 0;  ///< absolute
  bool ok = false;         ///< within the documented bounds of the session's dtype, tokens identical
};

/// Runs the self-test of the session's bundle. @throws Error unsupported when its file carries none
BERTRT_API VerifyReport verify(const BertSession& session);

}  // namespace bertrt
