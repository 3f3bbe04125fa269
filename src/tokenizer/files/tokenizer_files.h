#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

/// The files that a tokenizer is made of, by their names in a checkpoint's folder.
class TokenizerFiles {
 public:
  /// Views into the caller's memory.
  explicit TokenizerFiles(std::span<const Tokenizer::File> files);

  /// Reads a folder's known tokenizer files, or one file and the small ones beside it that go with it
  /// (tokenizer_config.json, special_tokens_map.json, added_tokens.json; vocab.json and merges.txt go together). A
  /// tokenizer.json that is named goes alone.
  /// @throws Error file_not_found, io
  static TokenizerFiles read(const std::filesystem::path& path);

  /// The file's bytes; nullopt where there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  /// A tokenizer.json that was named itself, or alone in memory: it is taken as it stands.
  bool is_lone_json() const { return !is_folder_ && entries_.size() == 1 && entries_[0].name == "tokenizer.json"; }
  /// The names, for messages.
  std::string names() const;
  /// How a message calls the file: its path, or its name for files in memory.
  std::string where(std::string_view name) const;

  TokenizerFiles(TokenizerFiles&&) = default;
  TokenizerFiles& operator=(TokenizerFiles&&) = default;

 private:
  TokenizerFiles() = default;
  struct Entry {
    std::string name;
    std::string where;
    std::string_view bytes;
    std::unique_ptr<std::string> owned;  // on the heap: the view must survive a move
  };
  std::vector<Entry> entries_;
  bool is_folder_ = false;
};

/// A lone tokenizer.json as it stands, all else as AutoTokenizer takes a folder.
/// @throws Error invalid_format, unsupported
LoadedTokenizer load_tokenizer(const TokenizerFiles& files);

}  // namespace bertrt::tokenizer
