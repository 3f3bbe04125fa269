#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/output.h"
#include "session/bounds.h"

namespace bertrt::session {

/// Values that Python gave for some tokens of a text.
struct ExpectedRows {
  std::vector<std::size_t> rows;         ///< token indexes
  std::vector<std::int32_t> columns;     ///< vocabulary ids; empty: all, in order
  std::vector<std::vector<float>> data;  ///< a row each
};

/// One case of bertrt/selftest.json.
struct SelfTestCase {
  std::string text;
  std::optional<std::string> pair;
  Encoding encoding;
  ExpectedRows hidden;  ///< last_hidden_state
  std::optional<ExpectedRows> logits;
};

/// @param where  for messages. @throws Error invalid_format
std::vector<SelfTestCase> parse_self_test(std::string_view json, const std::string& where);

/// How an output differs from what Python gave.
struct SelfTestResult {
  Difference hidden;
  Difference logits;
  bool has_logits = false;  ///< whether the cases have values for them
  /// False, too, where a case compared nothing.
  bool within(const Bounds& bounds) const noexcept {
    return hidden.within(bounds.hidden, bounds.relative) &&
           (!has_logits || logits.within(bounds.logits, bounds.relative));
  }
};

/// Runs every case through `run`. @throws Error model_mismatch when an output lacks what the test has values for
SelfTestResult run_self_test(std::span<const SelfTestCase> cases, const std::string& where,
                             const std::function<EncoderOutput(const Encoding&, const RunRequest&)>& run);

}  // namespace bertrt::session
