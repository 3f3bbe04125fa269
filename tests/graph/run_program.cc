// Runs TorchScript archives on the plain evaluation, for people:
//
//   run_program CASES.json MODEL.pt [MODEL.pt …]     compares with expected outputs; the model alone: its own .json
//   run_program --time LENGTH MODEL.pt               one text of so many tokens, milliseconds
//
// The .json of a trace is what make_traces.py writes: {"inputs", "cases": [{length, ids, mask, types, outputs |
// error}]}.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "bertrt/error.h"
#include "graph/evaluate.h"
#include "graph/torchscript/read_program.h"

namespace {

using namespace bertrt::graph;
using Json = nlohmann::json;

struct Held {
  explicit Held(std::vector<char> content, const std::string& name)
      : bytes(std::move(content)), archive(std::as_bytes(std::span(bytes)), name) {}
  std::vector<char> bytes;
  bertrt::archive::Archive archive;
};

Program read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto held = std::make_shared<Held>(std::move(content), path);
  const auto module = torchscript::read_module(held->archive, held);
  return torchscript::read_program(*module);
}

Value row(const std::vector<std::int64_t>& values) {
  Tensor tensor = Tensor::make(ElementType::int64, {1, static_cast<std::int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.mutable_data<std::int64_t>());
  return Value(tensor);
}

std::vector<Value> inputs_of(const Program& program, const Json& text) {
  std::vector<Value> inputs;
  for (const ProgramInput& input : program.inputs) {
    const char* key = input.name.find("mask") != std::string::npos   ? "mask"
                      : input.name.find("type") != std::string::npos ? "types"
                                                                     : "ids";
    inputs.push_back(row(text.at(key).get<std::vector<std::int64_t>>()));
    if (input.name == "bbox") throw bertrt::Error(bertrt::ErrorCode::unsupported, "input", "ids, mask, types", "bbox");
  }
  return inputs;
}

double number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  const auto text = value.get<std::string>();
  return text == "nan" ? std::nan("") : text == "inf" ? INFINITY : -INFINITY;
}

/// The largest difference, relative to max(1, |expected|); infinite where infinities or NaN do not agree.
double difference(const Tensor& tensor, const Json& expected) {
  if (tensor.sizes() != expected.at("shape").get<Sizes>()) return INFINITY;
  std::vector<double> found;
  if (is_floating(tensor.type())) {
    for (const float value : to_floats(tensor)) found.push_back(value);
  } else {
    for (const std::int64_t value : to_integers(tensor)) found.push_back(static_cast<double>(value));
  }
  const Json& data = expected.at("data");
  if (data.size() != found.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double right = number(data[i]);
    if (std::isnan(right) && std::isnan(found[i])) continue;
    if (right == found[i]) continue;
    const double away = std::fabs(right - found[i]) / std::max(1.0, std::fabs(right));
    worst = std::max(worst, std::isnan(away) ? INFINITY : away);
  }
  return worst;
}

int compare(const std::string& json, const std::string& model) {
  Json expected;
  std::ifstream(json) >> expected;
  try {
    const Program program = read(model);
    for (const Json& text : expected.at("cases")) {
      std::string line = model + " at " + std::to_string(text.at("length").get<int>()) + ": ";
      try {
        const Evaluation evaluation = evaluate(program, inputs_of(program, text));
        EvaluateOptions shapes;
        shapes.shapes_only = true;
        const auto outputs = flatten(evaluation.result);
        std::string bare;
        try {
          const auto described = flatten(evaluate(program, inputs_of(program, text), shapes).result);
          for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (described.size() != outputs.size() || described[i].second.sizes() != outputs[i].second.sizes())
              bare = " SHAPES DIFFER";
          }
        } catch (const bertrt::Error& error) {
          bare = std::string(" SHAPES FAIL: ") + error.what();
        }
        if (evaluation.baked_strides) bare += " (baked strides)";
        if (evaluation.varying_sizes) bare += " (varying sizes)";
        if (!text.contains("outputs")) {
          std::cout << line << "ran, libtorch did not: " << text.at("error").dump().substr(0, 150) << bare << '\n';
          continue;
        }
        double worst = text.at("outputs").size() == outputs.size() ? 0 : INFINITY;
        for (std::size_t i = 0; i < std::min(outputs.size(), text.at("outputs").size()); ++i) {
          worst = std::max(worst, difference(outputs[i].second, text.at("outputs")[i]));
        }
        std::cout << line
                  << (worst <= 1e-5   ? "equal "
                      : worst <= 1e-4 ? "near "
                                      : "DIFFERENT ")
                  << worst << bare << '\n';
      } catch (const bertrt::Error& error) {
        std::cout << line << (text.contains("outputs") ? "ERROR " : "both fail: ") << error.what() << '\n';
      }
    }
  } catch (const bertrt::Error& error) {
    std::cout << model << ": NOT READ " << error.what() << '\n';
  }
  return 0;
}

int measure(std::size_t length, const std::string& model) {
  const Program program = read(model);
  Json text;
  text["ids"] = std::vector<std::int64_t>(length, 5);
  text["mask"] = std::vector<std::int64_t>(length, 1);
  text["types"] = std::vector<std::int64_t>(length, 0);
  const std::vector<Value> inputs = inputs_of(program, text);
  for (int round = 0; round < 5; ++round) {
    EvaluateOptions options;
    options.shapes_only = round == 4;
    const auto start = std::chrono::steady_clock::now();
    const Evaluation evaluation = evaluate(program, inputs, options);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::cout << (options.shapes_only ? "shapes " : "run ") << took.count() << " ms, " << evaluation.multiplications
              << " multiplications, " << evaluation.peak_bytes << " bytes at most\n";
  }
  return 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> words(values + 1, values + count);
  try {
    if (words.size() == 3 && words[0] == "--time") return measure(std::stoul(words[1]), words[2]);
    if (words.size() == 2 && words[0].ends_with(".json")) return compare(words[0], words[1]);
    if (words.empty()) {
      std::cerr << "usage: run_program [EXPECTED.json] MODEL.pt … | --time LENGTH MODEL.pt\n";
      return 2;
    }
    for (const std::string& model : words) compare(model.substr(0, model.size() - 3) + ".json", model);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
