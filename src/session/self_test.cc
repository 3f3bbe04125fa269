#include "session/self_test.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::session {
namespace {

using Json = nlohmann::json;

ExpectedRows parse_rows(const Json& json) {
  ExpectedRows rows;
  json.at("rows").get_to(rows.rows);
  json.at("data").get_to(rows.data);
  if (json.contains("columns")) json.at("columns").get_to(rows.columns);
  return rows;
}

SelfTestCase parse_case(const Json& json) {
  SelfTestCase test;
  json.at("text").get_to(test.text);
  if (json.contains("pair") && !json.at("pair").is_null()) test.pair = json.at("pair").get<std::string>();
  json.at("input_ids").get_to(test.encoding.input_ids);
  if (json.contains("token_type_ids")) json.at("token_type_ids").get_to(test.encoding.token_type_ids);
  test.hidden = parse_rows(json.at("last_hidden_state"));
  if (json.contains("logits")) test.logits = parse_rows(json.at("logits"));
  return test;
}

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

}  // namespace

std::vector<SelfTestCase> parse_self_test(std::string_view json, const std::string& where) {
  try {
    const Json parsed = Json::parse(json);
    std::vector<SelfTestCase> cases;
    for (const Json& item : parsed.at("cases")) cases.push_back(parse_case(item));
    if (cases.empty()) throw Error(ErrorCode::invalid_format, where + ", self-test", "at least one case", "none");
    return cases;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::invalid_format, where + ", self-test", "a self-test as docs/bundle.md describes it",
                error.what());
  }
}

SelfTestResult run_self_test(std::span<const SelfTestCase> cases, const std::string& where,
                             const std::function<EncoderOutput(const Encoding&, const RunRequest&)>& run) {
  SelfTestResult result;
  for (const SelfTestCase& test : cases) {
    if (test.hidden.rows.empty() || (test.logits && test.logits->rows.empty())) {
      mismatch(where, "at least one value in each case", "none");
    }
    RunRequest request{.pooled_output = false, .logits = test.logits.has_value()};
    if (test.logits) {
      for (const std::size_t row : test.logits->rows) request.logit_tokens.push_back({0, row});
    }
    const EncoderOutput output = run(test.encoding, request);
    if (output.all_encoder_layers.empty()) mismatch(where, "hidden states", "none");
    const TokenRows& hidden = output.last_hidden_state();
    compare(test.hidden, where, result.hidden, [&](std::size_t i) { return hidden.row(0, test.hidden.rows[i]); });
    if (!test.logits) continue;
    result.has_logits = true;
    const auto& logits = output.token_logits;
    if (!logits || logits->sequence(0) != test.logits->rows.size()) mismatch(where, "logits for each token", "none");
    compare(*test.logits, where, result.logits, [&](std::size_t i) { return logits->row(0, i); });
  }
  return result;
}

}  // namespace bertrt::session
