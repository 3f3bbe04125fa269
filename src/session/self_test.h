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
#include "bertrt/tokenizer.h"
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
  ExpectedRows hidden;                       ///< last_hidden_state
  std::optional<ExpectedRows> logits;        ///< a head's for tokens
  std::optional<ExpectedRows> text_logits;   ///< a head's for the text: one row, 0
  std::optional<ExpectedRows> start_logits;  ///< rows of one value, as end_logits
  std::optional<ExpectedRows> end_logits;
};

/// The cases of a self-test, which has at least one, each with values to compare: every number finite, every row a
/// token of its text, rows of one width, no id below 0, a type for each token. So a self-test that proves nothing, or
/// cannot be run, is an error and not a pass.
/// @param where  for messages. @throws Error invalid_format, unsupported (too large)
std::vector<SelfTestCase> parse_self_test(std::string_view json, const std::string& where);

/// Whether a tokenizer gives the ids of all cases.
bool gives_ids(const Tokenizer& tokenizer, std::span<const SelfTestCase> cases);

/// How an output differs from what Python gave.
struct SelfTestResult {
  Difference hidden;
  Difference logits;
  bool has_hidden = false;  ///< whether the engine gives them
  bool has_logits = false;  ///< whether the cases have values for them
  /// False, too, where nothing was compared.
  bool within(const Bounds& bounds) const noexcept {
    return (has_hidden || has_logits) && (!has_hidden || hidden.within(bounds.hidden, bounds.relative)) &&
           (!has_logits || logits.within(bounds.logits, bounds.relative));
  }
};

/// Runs every case through `run`. @throws Error model_mismatch when an output lacks what the test has values for
SelfTestResult run_self_test(std::span<const SelfTestCase> cases, const std::string& where,
                             const std::function<EncoderOutput(const Encoding&, const RunRequest&)>& run);

}  // namespace bertrt::session
