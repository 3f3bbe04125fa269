#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/encoding.h"
#include "engine/packed/packed_model.h"
#include "family/checkpoint.h"

namespace bertrt::family::test {

/// How far a checkpoint is from Hugging Face's outputs, and how much was compared.
struct Distance {
  float hidden = 0;  ///< hidden states and pooled outputs
  float logits = 0;
  std::size_t values = 0;
};

/// Adds the largest absolute difference, each value's divided by the largest expected one of its row (at least 1).
/// Other numbers of values, and what is not a number, count as infinitely far.
inline void compare(std::span<const float> got, const std::vector<float>& want, std::size_t width, float& worst,
                    std::size_t& values) {
  if (got.size() != want.size() || width == 0 || want.empty()) {
    worst = INFINITY;
    return;
  }
  for (std::size_t row = 0; row < want.size(); row += width) {
    float scale = 1;
    for (std::size_t i = row; i < row + width; ++i) scale = std::max(scale, std::abs(want[i]));
    for (std::size_t i = row; i < row + width; ++i) {
      const float gap = std::abs(got[i] - want[i]) / scale;
      worst = std::isnan(gap) ? INFINITY : std::max(worst, gap);
    }
  }
  values += want.size();
}

inline Encoding encoding_of(const nlohmann::json& item) {
  Encoding encoding;
  encoding.input_ids = item.at("input_ids").get<std::vector<std::int32_t>>();
  encoding.token_type_ids = item.at("token_type_ids").get<std::vector<std::int32_t>>();
  encoding.attention_mask.assign(encoding.input_ids.size(), 1);
  if (item.contains("attention_mask"))
    encoding.attention_mask = item["attention_mask"].get<std::vector<std::int32_t>>();
  return encoding;
}

/// A head's numbers of one text under the names that Python has for them.
inline void compare_head(const CheckpointHead& head, const Matrix& got, std::size_t first, std::size_t rows,
                         const nlohmann::json& want, Distance& distance) {
  const std::span<const float> mine = std::span(got.data).subspan(first * got.cols, rows * got.cols);
  if (head.kind != HeadKind::question_answering) {
    compare(mine, want.at(head.output).get<std::vector<float>>(), got.cols, distance.logits, distance.values);
    return;
  }
  for (std::size_t column = 0; column < 2; ++column) {
    std::vector<float> one;
    for (std::size_t i = column; i < mine.size(); i += 2) one.push_back(mine[i]);
    const auto expected = want.at(column == 0 ? "start_logits" : "end_logits").get<std::vector<float>>();
    compare(one, expected, 1, distance.logits, distance.values);
  }
}

/// Runs all texts of expected.json as one batch, and holds every layer, the pooled output and every head to it.
inline Distance distance_to_golden(const std::filesystem::path& folder) {
  std::ifstream file(folder / "expected.json");
  const nlohmann::json cases = nlohmann::json::parse(file).at("cases");
  const Checkpoint checkpoint = read_checkpoint(folder);
  std::vector<HeadSpec> heads;
  for (const CheckpointHead& head : checkpoint.heads) heads.push_back(head.spec);
  const auto model = engine::packed::PackedModel::pack(checkpoint.encoder, heads, DType::fp32);

  std::vector<Encoding> encodings;
  for (const auto& item : cases) encodings.push_back(encoding_of(item));
  const batch::Batch batch = batch::make_batch(encodings, {});
  engine::packed::PackedRequest request;
  request.states.resize(model->layers());
  std::iota(request.states.begin(), request.states.end(), std::size_t{1});
  request.pooled = model->pooled() != 0;
  for (std::size_t i = 0; i < heads.size(); ++i) request.heads.push_back({i, {}});
  const engine::packed::PackedOutput output = model->run(batch, request);

  Distance distance;
  for (std::size_t text = 0; text < cases.size(); ++text) {
    const nlohmann::json& want = cases[text];
    if (want.at("hidden_states").size() != model->layers()) distance.hidden = INFINITY;
    for (std::size_t layer = 0; layer < model->layers(); ++layer) {
      compare(output.states[layer].text(text), want["hidden_states"].at(layer).get<std::vector<float>>(),
              model->hidden(), distance.hidden, distance.values);
    }
    if (want.contains("pooled")) {
      if (!output.pooled) {
        distance.hidden = INFINITY;
      } else {
        compare(output.pooled->row(text), want["pooled"].get<std::vector<float>>(), model->pooled(), distance.hidden,
                distance.values);
      }
    }
    std::size_t compared = 0;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const bool tokens = heads[i].reads == HeadSpec::Reads::tokens;
      const std::size_t first = tokens ? (*batch.row_offsets)[text] : text;
      compare_head(checkpoint.heads[i], output.heads[i], first, tokens ? batch.length(text) : 1, want.at("logits"),
                   distance);
      compared += checkpoint.heads[i].kind == HeadKind::question_answering ? 2 : 1;
    }
    if (compared != want.at("logits").size()) distance.logits = INFINITY;  // a head that was not found
  }
  return distance;
}

}  // namespace bertrt::family::test
