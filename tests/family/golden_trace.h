#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "batch/batch.h"
#include "engine/graph/recognized_engine.h"
#include "engine/packed/make_engine.h"
#include "family/golden_checkpoint.h"
#include "model/model_file.h"

namespace bertrt::family::test {

/// Logits of one text by their name in Python.
inline std::span<const float> logits_of(const EncoderOutput& output, const std::string& name, std::size_t text) {
  if (name == "start_logits" && output.start_logits) return output.start_logits->text(text);
  if (name == "end_logits" && output.end_logits) return output.end_logits->text(text);
  if (output.token_logits) return output.token_logits->text(text);
  if (output.text_logits) return output.text_logits->row(text);
  return {};
}

/// Runs a trace's texts as one batch on the packed engine, and holds what the trace gives to Python's.
/// @param cases  as make_traces.py writes them
/// @throws Error unsupported for a trace whose encoder is not recognized
inline Distance trace_distance(std::shared_ptr<const Trace> trace, const nlohmann::json& cases) {
  const bool masks = trace->takes_mask();
  const auto engine = engine::graph::make_recognized_engine(std::move(trace), {}, {});
  std::vector<Encoding> encodings;
  for (const auto& item : cases) {
    Encoding& encoding = encodings.emplace_back();
    encoding.input_ids = item.at("input_ids").get<std::vector<std::int32_t>>();
    if (item.contains("token_type_ids"))
      encoding.token_type_ids = item["token_type_ids"].get<std::vector<std::int32_t>>();
    if (masks) encoding.attention_mask = item.at("attention_mask").get<std::vector<std::int32_t>>();
  }
  const EncoderOutput output = engine->run(batch::make_batch(encodings, {}), RunRequest::everything());

  Distance distance;
  for (std::size_t text = 0; text < cases.size(); ++text) {
    const nlohmann::json& want = cases[text];
    const std::size_t tokens = encodings[text].input_ids.size();
    const auto hold = [&](std::span<const float> got, const nlohmann::json& values, float& worst, std::size_t rows) {
      const auto numbers = values.get<std::vector<float>>();
      compare(got, numbers, numbers.size() / rows, worst, distance.values);
    };
    if (want.contains("hidden")) {
      if (output.all_encoder_layers.empty()) {
        distance.hidden = INFINITY;
      } else {
        hold(output.all_encoder_layers.back().text(text), want["hidden"], distance.hidden, tokens);
      }
    }
    if (want.contains("pooled")) {
      if (!output.pooled_output) {
        distance.hidden = INFINITY;
      } else {
        hold(output.pooled_output->row(text), want["pooled"], distance.hidden, 1);
      }
    }
    for (const auto& [name, values] : want.at("logits").items()) {
      hold(logits_of(output, name, text), values, distance.logits, output.text_logits ? 1 : tokens);
    }
  }
  return distance;
}

}  // namespace bertrt::family::test
