#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/session.h"

namespace bertrt::kinds {

using Json = nlohmann::json;

inline std::filesystem::path folder() { return std::filesystem::path(BERTRT_TEST_DATA) / "kinds"; }

inline Json kinds() {
  std::ifstream file(folder() / "kinds.json");
  return Json::parse(file);
}

// One text's outputs in one form.
struct Given {
  OutputRole role;
  std::vector<std::size_t> shape;
  std::vector<float> data;
};

inline std::vector<Given> given(const EncoderOutput& output, const SessionInfo& info, std::size_t text) {
  std::vector<Given> all;
  const auto rows = [&](const TokenRows& tokens, OutputRole role) {
    const auto data = tokens.text(text);
    const bool flat = role == OutputRole::start_logits || role == OutputRole::end_logits;
    Given one{role, {tokens.sequence(text)}, {data.begin(), data.end()}};
    if (!flat) one.shape.push_back(tokens.width());
    all.push_back(std::move(one));
  };
  const auto matrix = [&](const Matrix& values, OutputRole role) {
    const auto data = values.row(text);
    all.push_back({role, {values.cols}, {data.begin(), data.end()}});
  };
  for (const TokenRows& layer : output.all_encoder_layers) rows(layer, OutputRole::hidden_state);
  if (output.pooled_output) matrix(*output.pooled_output, OutputRole::pooled_output);
  if (output.token_logits) rows(*output.token_logits, OutputRole::token_logits);
  if (output.text_logits) matrix(*output.text_logits, OutputRole::text_logits);
  if (output.start_logits) rows(*output.start_logits, OutputRole::start_logits);
  if (output.end_logits) rows(*output.end_logits, OutputRole::end_logits);
  for (const ModelOutput& more : output.more) {
    all.push_back({more.role, more.texts[text].shape, more.texts[text].data});
  }
  EXPECT_GE(all.size(), 1U);
  EXPECT_EQ(all.size(), info.outputs.size());
  return all;
}

inline bool same(const Given& found, const Json& wanted, const std::string& role) {
  if (to_string(found.role) != role || Json(found.shape) != wanted["shape"]) return false;
  for (std::size_t i = 0; i < found.data.size(); ++i) {
    const Json& value = wanted["data"][i];
    const float want = value.is_string() ? std::stof(value.get<std::string>()) : value.get<float>();
    if (std::isinf(want) ? found.data[i] != want
                         : !(std::abs(found.data[i] - want) <= 1e-4F * std::max(1.0F, std::abs(want)))) {
      return false;
    }
  }
  return true;
}

inline void expect_outputs(const Json& kind, const EncoderOutput& output, const SessionInfo& info, std::size_t text,
                           const Json& wanted) {
  const std::vector<Given> all = given(output, info, text);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string role = kind["roles"][i].get<std::string>();
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Given& one) { return same(one, wanted[i], role); }))
        << kind["name"] << ", text " << text << ", output " << i << " (" << role << ")";
  }
}

inline void expect_kind(const Json& kind, EngineKind engine, std::optional<Trust> trust = std::nullopt) {
  SCOPED_TRACE(std::string(to_string(engine)) + " " + kind["name"].get<std::string>());
  const auto path = folder() / (kind["name"].get<std::string>() + ".pt");
  const BertSession session = BertSession::load(path, {.engine = engine, .trust = trust});
  std::vector<Encoding> batch;
  for (const Json& one : kind["cases"]) {
    Encoding encoding;
    encoding.input_ids = one["ids"].get<std::vector<std::int32_t>>();
    encoding.token_type_ids = one["types"].get<std::vector<std::int32_t>>();
    batch.push_back(std::move(encoding));
  }
  const EncoderOutput together = session.run(batch, RunRequest::everything());
  for (std::size_t text = 0; text < batch.size(); ++text) {
    const Json& wanted = kind["cases"][text]["outputs"];
    expect_outputs(kind, together, session.info(), text, wanted);
    expect_outputs(kind, session.run(batch[text], RunRequest::everything()), session.info(), 0, wanted);
  }
}

}  // namespace bertrt::kinds
