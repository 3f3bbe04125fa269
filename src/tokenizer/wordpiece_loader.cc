#include "bertrt/error.h"
#include "tokenizer/tokenizer_files.h"

namespace bertrt::tokenizer {

LoadedTokenizer load_wordpiece(const TokenizerFiles& files) {
  throw Error(ErrorCode::unsupported, files.names(), "a BPE or unigram tokenizer", "a WordPiece tokenizer");
}

}  // namespace bertrt::tokenizer
