#include "session/self_test.h"

#include <algorithm>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::session {
namespace {

[[noreturn]] void mismatch(const std::string& where, std::string expected, std::string found) {
  throw Error(ErrorCode::model_mismatch, where + ", self-test", std::move(expected), std::move(found));
}

// `found` has the row for expected.rows[i] at index i.
void compare(const ExpectedRows& expected, const std::string& where, Difference& difference,
             const std::function<std::span<const float>(std::size_t)>& found) {
  if (expected.rows.size() != expected.data.size()) {
    mismatch(where, std::to_string(expected.rows.size()) + " rows of values", std::to_string(expected.data.size()));
  }
  std::vector<float> picked;
  for (std::size_t i = 0; i < expected.rows.size(); ++i) {
    std::span<const float> row = found(i);
    if (!expected.columns.empty()) {
      picked.clear();
      for (const std::int32_t column : expected.columns) {
        if (column < 0 || static_cast<std::size_t>(column) >= row.size()) {
          mismatch(where, "columns below " + std::to_string(row.size()), std::to_string(column));
        }
        picked.push_back(row[static_cast<std::size_t>(column)]);
      }
      row = picked;
    }
    if (row.size() != expected.data[i].size()) {
      mismatch(where, std::to_string(row.size()) + " values a row", std::to_string(expected.data[i].size()));
    }
    difference.add(expected.data[i], row);
  }
}

void compare_spans(const std::optional<ExpectedRows>& expected, const std::optional<TokenRows>& found,
                   const std::string& where, Difference& difference) {
  if (!expected) return;
  if (!found) mismatch(where, "logits of a span's ends", "none");
  compare(*expected, where, difference, [&](std::size_t i) { return found->row(0, expected->rows[i]); });
}

}  // namespace

bool gives_ids(const Tokenizer& tokenizer, std::span<const SelfTestCase> cases) {
  return std::all_of(cases.begin(), cases.end(), [&](const SelfTestCase& test) {
    const Encoding encoding = test.pair ? tokenizer.encode(test.text, *test.pair) : tokenizer.encode(test.text);
    return encoding.input_ids == test.encoding.input_ids;
  });
}

SelfTestResult run_self_test(std::span<const SelfTestCase> cases, const std::string& where,
                             const std::function<EncoderOutput(const Encoding&, const RunRequest&)>& run) {
  SelfTestResult result;
  for (const SelfTestCase& test : cases) {
    const bool head = test.logits || test.text_logits || test.start_logits || test.end_logits;
    RunRequest request{.pooled_output = false, .logits = head};
    if (test.logits) {
      for (const std::size_t row : test.logits->rows) request.logit_tokens.push_back({0, row});
    }
    const EncoderOutput output = run(test.encoding, request);
    // An engine that evaluates a masked-lm trace's forward() gives its logits alone; these are held to the file then.
    if (output.all_encoder_layers.empty() && !head) mismatch(where, "hidden states", "none");
    if (!output.all_encoder_layers.empty()) {
      const TokenRows& hidden = output.last_hidden_state();
      result.has_hidden = true;
      compare(test.hidden, where, result.hidden, [&](std::size_t i) { return hidden.row(0, test.hidden.rows[i]); });
    }
    result.has_logits = result.has_logits || head;
    if (test.logits) {
      const auto& logits = output.token_logits;
      if (!logits || logits->sequence(0) != test.logits->rows.size()) mismatch(where, "logits for each token", "none");
      compare(*test.logits, where, result.logits, [&](std::size_t i) { return logits->row(0, i); });
    }
    if (test.text_logits) {
      if (!output.text_logits || output.text_logits->rows != 1) mismatch(where, "logits of the text", "none");
      compare(*test.text_logits, where, result.logits, [&](std::size_t) { return output.text_logits->row(0); });
    }
    compare_spans(test.start_logits, output.start_logits, where, result.logits);
    compare_spans(test.end_logits, output.end_logits, where, result.logits);
  }
  return result;
}

}  // namespace bertrt::session
