#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/encoding.h"
#include "bertrt/output.h"
#include "engine/engine.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// What an engine's answers to the cases of a bundle's self-test are off by, absolutely.
struct SelfTestDifference {
  std::size_t cases = 0;
  float hidden = 0;
  float logits = 0;
};

inline float difference(std::span<const float> got, const nlohmann::json& want, const nlohmann::json* columns) {
  float worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::size_t column = columns == nullptr ? i : (*columns)[i].get<std::size_t>();
    const float gap = std::abs(got[column] - want[i].get<float>());
    worst = std::isnan(gap) ? INFINITY : std::max(worst, gap);
  }
  return worst;
}

inline Encoding self_test_encoding(const nlohmann::json& test) {
  Encoding encoding;
  encoding.input_ids = test["input_ids"].get<std::vector<std::int32_t>>();
  if (test.contains("token_type_ids") && !test["token_type_ids"].is_null()) {
    encoding.token_type_ids = test["token_type_ids"].get<std::vector<std::int32_t>>();
  }
  return encoding;
}

/// Runs all cases as one batch.
inline SelfTestDifference run_self_test(const model::ModelFile& file, const Engine& engine) {
  const auto test = nlohmann::json::parse(file.extra("bertrt/selftest.json").value());
  std::vector<Encoding> encodings;
  for (const auto& item : test["cases"]) encodings.push_back(self_test_encoding(item));
  const EncoderOutput output = engine.run(batch::make_batch(encodings, {}), RunRequest::everything());
  SelfTestDifference worst;
  for (const auto& item : test["cases"]) {
    const auto& hidden = item["last_hidden_state"];
    for (std::size_t i = 0; i < hidden["rows"].size(); ++i) {
      const auto row = output.last_hidden_state().row(worst.cases, hidden["rows"][i].get<std::size_t>());
      worst.hidden = std::max(worst.hidden, difference(row, hidden["data"][i], nullptr));
    }
    if (item.contains("logits") && !item["logits"].is_null()) {
      const auto& logits = item["logits"];
      for (std::size_t i = 0; i < logits["rows"].size(); ++i) {
        const auto row = output.token_logits.value().row(worst.cases, logits["rows"][i].get<std::size_t>());
        worst.logits = std::max(worst.logits, difference(row, logits["data"][i], &logits["columns"]));
      }
    }
    ++worst.cases;
  }
  return worst;
}

}  // namespace bertrt::engine::packed
