// Uses the library from end to end, and its exception across the library's border: consumer MODEL.pt TEXT
#include <bertrt/bertrt.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    static_cast<void>(bertrt::BertSession::load("no such file"));
    return 3;
  } catch (const bertrt::Error& error) {
    if (error.code() != bertrt::ErrorCode::file_not_found) return 4;
  }
  const bertrt::FillMask fill(bertrt::BertSession::load(argv[1]));
  std::puts(fill(argv[2], {.top_k = 1}).front().predictions.front().token.c_str());
  return 0;
}
