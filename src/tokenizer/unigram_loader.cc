#include "bertrt/error.h"
#include "tokenizer/tokenizer_files.h"

namespace bertrt::tokenizer {

LoadedTokenizer load_unigram(const TokenizerFiles& files) {
  throw Error(ErrorCode::unsupported, files.names(), "a WordPiece tokenizer", "a unigram tokenizer");
}

}  // namespace bertrt::tokenizer
