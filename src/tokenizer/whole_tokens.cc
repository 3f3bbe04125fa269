#include "tokenizer/whole_tokens.h"

#include <memory>
#include <utility>
#include <vector>

#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt::tokenizer {

Tokenizer load_with_whole_tokens(const std::filesystem::path& path, std::span<const std::string> contents) {
  const TokenizerFiles files = TokenizerFiles::read(path);
  LoadedTokenizer loaded = load_tokenizer(files);
  std::vector<AddedToken> tokens;
  for (const std::string& content : contents) tokens.push_back({.content = content});
  loaded.config.added.add(tokens, loaded.model->words(), loaded.stages->normalizer);
  loaded.config.added.finish(files.names());
  for (const std::string& content : contents) loaded.model->mark_special(content);
  return Tokenizer(std::make_shared<const TokenizerImpl>(std::move(loaded)));
}

}  // namespace bertrt::tokenizer
