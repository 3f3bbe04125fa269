// How far checkpoints are from their expected.json, a line of JSON each: checkpoint_distance FOLDER…
// (differential.py makes the folders.)

#include <cstdio>
#include <exception>

#include "family/golden_checkpoint.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    try {
      const bertrt::family::test::Distance distance = bertrt::family::test::distance_to_golden(argv[i]);
      std::printf("{\"hidden\":%.3g,\"logits\":%.3g,\"values\":%zu}\n",
                  std::isinf(distance.hidden) ? 1e30 : distance.hidden,
                  std::isinf(distance.logits) ? 1e30 : distance.logits, distance.values);
    } catch (const std::exception& error) {
      std::printf("%s\n", nlohmann::json{{"error", error.what()}}.dump().c_str());
    }
  }
  return 0;
}
