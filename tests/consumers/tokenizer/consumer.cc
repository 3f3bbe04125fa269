// The tokenizers alone: consumer VOCABULARY TEXT
#include <bertrt/error.h>
#include <bertrt/tokenizer.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    static_cast<void>(bertrt::Tokenizer::load("no such file"));
    return 3;
  } catch (const bertrt::Error& error) {
    if (error.code() != bertrt::ErrorCode::file_not_found) return 4;
  }
  const bertrt::Tokenizer tokenizer = bertrt::Tokenizer::load(argv[1]);
  for (const std::string_view token : tokenizer.tokens(tokenizer.encode(argv[2]))) {
    std::printf("%.*s\n", static_cast<int>(token.size()), token.data());
  }
  return 0;
}
