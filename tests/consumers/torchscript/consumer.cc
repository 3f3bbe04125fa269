// The torchscript engine linked in, so that no module is looked for: consumer MODEL.pt TEXT
#include <bertrt/bertrt.h>
#include <bertrt/torchscript.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  bertrt::register_torchscript();
  try {
    static_cast<void>(bertrt::BertSession::load(
        argv[1], {.engine = bertrt::EngineKind::torchscript, .torchscript = {.device = "tpu"}}));
    return 3;
  } catch (const bertrt::Error& error) {  // thrown on the other side of the border
    if (error.code() != bertrt::ErrorCode::invalid_argument) return 4;
  }
  const bertrt::FillMask fill(bertrt::BertSession::load(argv[1], {.engine = bertrt::EngineKind::torchscript}));
  std::puts(fill(argv[2], {.top_k = 1}).front().predictions.front().token.c_str());
  return 0;
}
