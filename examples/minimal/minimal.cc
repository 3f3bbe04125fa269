// The smallest program: bertrt_minimal MODEL.pt "Paris is the capital of [MASK]."
#include <bertrt/bertrt.h>

#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("usage: bertrt_minimal MODEL.pt TEXT\n", stderr), 2;
  const bertrt::FillMask fill(bertrt::BertSession::load(argv[1]));
  for (const auto& mask : fill(argv[2])) {
    for (const auto& p : mask.predictions) std::printf("%.3f  %s\n", static_cast<double>(p.score), p.sequence.c_str());
  }
  return 0;
} catch (const bertrt::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
