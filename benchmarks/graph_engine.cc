// A trace on the graph engine and in libtorch's interpreter, one text at a time; ROUNDS times each in turn, with a
// pause between them so that neither's idle threads still spin while the other works: graph_engine MODEL.pt [ROUNDS]
// [LENGTH …]
#include <torch/csrc/jit/serialization/import.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bertrt/bertrt.h"

namespace {

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

bertrt::Encoding text_of(std::size_t length) {
  bertrt::Encoding text;
  for (std::size_t i = 0; i < length; ++i) {
    text.input_ids.push_back(static_cast<std::int32_t>(1000 + i * 7 % 900));
    text.token_type_ids.push_back(0);
  }
  return text;
}

void compare(const bertrt::BertSession& session, torch::jit::Module& module, std::size_t length, int rounds) {
  const bertrt::Encoding text = text_of(length);
  std::vector<torch::jit::IValue> inputs;
  const auto ids = torch::empty({1, static_cast<std::int64_t>(length)}, torch::kLong);
  for (std::size_t i = 0; i < length; ++i) ids[0][static_cast<std::int64_t>(i)] = text.input_ids[i];
  for (const std::string& name : session.info().inputs) {
    if (name == "input_ids") inputs.emplace_back(ids);
    if (name == "attention_mask") inputs.emplace_back(torch::ones_like(ids));
    if (name == "token_type_ids") inputs.emplace_back(torch::zeros_like(ids));
  }
  const auto ours = [&] { session.run(text, bertrt::RunRequest::everything()); };
  const auto theirs = [&] {
    const torch::InferenceMode guard;
    module.forward(inputs);
  };
  constexpr int kInTurn = 3;  // after one that is not counted
  std::vector<double> a;
  std::vector<double> b;
  const auto turn = [](const std::function<void()>& work, std::vector<double>* times) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    work();
    for (int i = 0; i < kInTurn; ++i) {
      const double time = milliseconds(work);
      if (times != nullptr) times->push_back(time);
    }
  };
  turn(ours, nullptr);
  turn(theirs, nullptr);
  for (int i = 0; i < rounds; ++i) {
    turn(ours, &a);
    turn(theirs, &b);
  }
  std::printf("%5zu tokens: graph engine %8.2f ms, torch::jit %8.2f ms, ratio %.2f\n", length, median(a), median(b),
              median(a) / median(b));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: graph_engine MODEL.pt [ROUNDS] [LENGTH ...]\n");
    return 2;
  }
  try {
    bertrt::set_num_threads(static_cast<std::size_t>(torch::get_num_threads()));
    const auto session = bertrt::BertSession::load(argv[1], {.engine = bertrt::EngineKind::graph, .prove = false});
    torch::jit::Module module = torch::jit::load(argv[1]);
    module.eval();
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 11;
    std::vector<std::size_t> lengths;
    for (int i = 3; i < argc; ++i) lengths.push_back(static_cast<std::size_t>(std::atoi(argv[i])));
    if (lengths.empty()) lengths = {8, 32, 128, 512};
    for (const std::size_t length : lengths) compare(session, module, length, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
