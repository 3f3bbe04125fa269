#include "session/trace_golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "bertrt/runtime.h"

namespace bertrt {
namespace {

using Json = nlohmann::json;

constexpr float kHidden = 1e-5F;
constexpr float kLogits = 1e-4F;

void flatten(const Json& json, std::vector<float>& out) {
  if (json.is_array()) {
    for (const Json& item : json) flatten(item, out);
  } else {
    out.push_back(json.get<float>());
  }
}

std::vector<float> flat(const Json& outputs, const char* name) {
  std::vector<float> values;
  if (outputs.contains(name)) flatten(outputs.at(name), values);
  return values;
}

}  // namespace

std::filesystem::path trace_path(const std::string& file) {
  return std::filesystem::path(BERTRT_TEST_DATA) / "traces" / file;
}

std::vector<GoldenCase> load_golden(const std::string& file) {
  std::ifstream in(trace_path(file));
  std::vector<GoldenCase> cases;
  const Json parsed = Json::parse(in);
  for (const Json& json : parsed.at("cases")) {
    GoldenCase golden;
    json.at("input_ids").get_to(golden.encoding.input_ids);
    json.at("token_type_ids").get_to(golden.encoding.token_type_ids);
    json.at("attention_mask").get_to(golden.encoding.attention_mask);
    const Json& outputs = json.at("outputs");
    if (outputs.contains("all_encoder_layers")) {
      for (const Json& layer : outputs.at("all_encoder_layers")) flatten(layer, golden.layers.emplace_back());
    }
    golden.pooled = flat(outputs, "pooled_output");
    golden.logits = flat(outputs, "logits");
    golden.start_logits = flat(outputs, "start_logits");
    golden.end_logits = flat(outputs, "end_logits");
    cases.push_back(std::move(golden));
  }
  return cases;
}

BertSession load_trace(const std::string& file, SessionOptions options) {
  options.engine = EngineKind::torchscript;
  set_num_threads(1);  // these models are tiny: a team of threads would wait more than it computes
  return BertSession::load(trace_path(file), options);
}

float difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return std::numeric_limits<float>::infinity();
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float one = std::abs(a[i] - b[i]);
    largest = std::isnan(one) ? std::numeric_limits<float>::infinity() : std::max(largest, one);
  }
  return largest;
}

float nearest(std::span<const float> values, const GoldenCase& golden) {
  float best = std::min({difference(values, golden.pooled), difference(values, golden.logits),
                         difference(values, golden.start_logits), difference(values, golden.end_logits)});
  for (const auto& layer : golden.layers) best = std::min(best, difference(values, layer));
  return best;
}

void expect_golden(const EncoderOutput& output, std::size_t text, const GoldenCase& golden) {
  if (!output.all_encoder_layers.empty()) {
    ASSERT_GE(golden.layers.size(), output.all_encoder_layers.size());
    const std::size_t skipped = golden.layers.size() - output.all_encoder_layers.size();
    for (std::size_t i = 0; i < output.all_encoder_layers.size(); ++i) {
      EXPECT_LE(difference(output.all_encoder_layers[i].text(text), golden.layers[skipped + i]), kHidden)
          << "layer " << i;
    }
  }
  if (output.pooled_output) {
    EXPECT_LE(difference(output.pooled_output->row(text), golden.pooled), kHidden);
  }
  if (output.token_logits) {
    EXPECT_LE(difference(output.token_logits->text(text), golden.logits), kLogits);
  }
  if (output.text_logits) {
    EXPECT_LE(difference(output.text_logits->row(text), golden.logits), kLogits);
  }
  for (const ModelOutput& more : output.more) {
    // The embeddings, which Hugging Face puts in front of the layers: no golden file has them.
    if (more.name.ends_with(".0")) continue;
    EXPECT_LE(nearest(more.texts[text].data, golden), kLogits) << "output " << more.name;
  }
  if (output.start_logits) {
    EXPECT_LE(difference(output.start_logits->text(text), golden.start_logits), kLogits);
  }
  if (output.end_logits) {
    EXPECT_LE(difference(output.end_logits->text(text), golden.end_logits), kLogits);
  }
}

}  // namespace bertrt
