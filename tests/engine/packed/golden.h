#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/encoding.h"
#include "engine/packed/make_engine.h"
#include "engine/packed/self_test.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

inline std::filesystem::path parity_path(const std::string& name) {
  return std::filesystem::path(BERTRT_TEST_DATA) / "parity" / name;
}

inline std::unique_ptr<const Engine> load_parity_model(const std::string& name, const PackedOptions& options = {},
                                                       const PackedTuning& tuning = {}) {
  return make_packed_engine(model::ModelFile::open(parity_path(name)), options, tuning);
}

/// Hugging Face's answers to some inputs: tests/data/parity/NAME.json.
inline nlohmann::json golden(const std::string& name) {
  std::ifstream file(parity_path(name + ".json"));
  return nlohmann::json::parse(file).at("cases");
}

inline std::vector<Encoding> golden_inputs(const nlohmann::json& cases) {
  std::vector<Encoding> encodings;
  for (const auto& item : cases) encodings.push_back(self_test_encoding(item));
  return encodings;
}

/// The numbers of a JSON array however deep, in order.
inline void flatten(const nlohmann::json& value, std::vector<float>& out) {
  if (!value.is_array()) {
    out.push_back(value.get<float>());
    return;
  }
  for (const auto& item : value) flatten(item, out);
}

/// Largest absolute difference; infinite when the numbers of values differ or one is not a number.
inline float difference(std::span<const float> got, std::span<const float> want) {
  if (got.size() != want.size()) return INFINITY;
  float worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const float gap = std::abs(got[i] - want[i]);
    worst = std::isnan(gap) ? INFINITY : std::max(worst, gap);
  }
  return worst;
}

inline float golden_difference(std::span<const float> got, const nlohmann::json& want) {
  std::vector<float> flat;
  flatten(want, flat);
  return difference(got, flat);
}

}  // namespace bertrt::engine::packed
