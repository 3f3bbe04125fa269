// How far traces on the packed engine are from Python, a line of JSON each: trace_distance CASES.json FILE.pt…
// (trace_differential.py makes them: {FILE's stem: {"cases": …}}.)

#include <cstdio>
#include <exception>
#include <fstream>

#include "family/golden_trace.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::ifstream file(argv[1]);
  const nlohmann::json expected = nlohmann::json::parse(file);
  for (int i = 2; i < argc; ++i) {
    try {
      const auto trace = bertrt::engine::packed::read_trace(bertrt::model::ModelFile::open(argv[i]));
      const nlohmann::json& cases = expected.at(std::filesystem::path(argv[i]).stem().string()).at("cases");
      const bertrt::family::test::Distance distance = bertrt::family::test::trace_distance(trace, cases);
      std::printf("{\"hidden\":%.3g,\"logits\":%.3g,\"values\":%zu}\n",
                  std::isinf(distance.hidden) ? 1e30 : distance.hidden,
                  std::isinf(distance.logits) ? 1e30 : distance.logits, distance.values);
    } catch (const std::exception& error) {
      std::printf("%s\n", nlohmann::json{{"error", error.what()}}.dump().c_str());
    }
  }
  return 0;
}
