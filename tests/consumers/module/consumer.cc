// Asks for the torchscript engine without having linked it, and has it opened: consumer MODEL.pt TEXT
#include <bertrt/bertrt.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const bertrt::FillMask fill(bertrt::BertSession::load(argv[1], {.engine = bertrt::EngineKind::torchscript}));
    std::puts(fill(argv[2], {.top_k = 1}).front().predictions.front().token.c_str());
  } catch (const bertrt::Error& error) {
    std::puts(error.what());
    return 1;
  }
  return 0;
}
