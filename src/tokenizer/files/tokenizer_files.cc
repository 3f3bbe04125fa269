#include "tokenizer/files/tokenizer_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/lfs_pointer.h"
#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

namespace fs = std::filesystem;

constexpr std::array kBesideAny = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                                   "config.json"};
constexpr std::array kKnown = {"tokenizer.json",          "vocab.txt",  "spiece.model",
                               "sentencepiece.bpe.model", "spm.model",  "tokenizer.model",
                               "sentencepiece.model",     "vocab.json", "merges.txt"};

/// What a lone file is taken for: its own name where that is known, else by its extension. What has none, as a pipe's
/// end, is a tokenizer.json where it is JSON.
std::string role_of(const fs::path& path, std::string_view bytes) {
  const std::string name = path.filename().string();
  if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) return name;
  const std::string extension = path.extension().string();
  if (extension == ".txt") return "vocab.txt";
  if (extension == ".json") return "tokenizer.json";
  if (extension == ".model") return "spiece.model";
  const bool is_json = extension.empty() && bytes.substr(0, bytes.find_first_not_of(" \t\r\n") + 1).ends_with('{');
  if (is_json) return "tokenizer.json";
  throw Error(
      ErrorCode::unsupported, path.string(), "a vocabulary (.txt), a tokenizer.json or a sentencepiece .model",
      extension.empty() ? "a name without an ending, and no JSON in it" : "a file that ends in '" + extension + "'");
}

std::string read_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_fifo(path, ignored)) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(all).str();
  }
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const auto size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) throw Error(ErrorCode::io, path.string(), "a readable file", "one that cannot be opened");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  if (!in.read(bytes.data(), size)) throw Error(ErrorCode::io, path.string(), "a readable file", "a read error");
  if (bytes.starts_with(base::kLfsPointer)) {
    throw Error(ErrorCode::invalid_format, path.string(), "a tokenizer's file", std::string(base::kLfsAdvice));
  }
  return bytes;
}

}  // namespace

TokenizerFiles::TokenizerFiles(std::span<const Tokenizer::File> files) {
  for (const Tokenizer::File& file : files) entries_.push_back({file.name, file.name, file.bytes, nullptr});
}

TokenizerFiles TokenizerFiles::read(const fs::path& path) {
  TokenizerFiles files;
  const auto add = [&files](const std::string& name, const fs::path& from, std::string bytes) {
    auto owned = std::make_unique<std::string>(std::move(bytes));
    const std::string_view view = *owned;
    files.entries_.push_back({name, from.string(), view, std::move(owned)});
  };
  const auto add_if_there = [&](const std::string& name, const fs::path& folder) {
    std::error_code ignored;
    if (!files.has(name) && fs::is_regular_file(folder / name, ignored)) {
      add(name, folder / name, read_file(folder / name));
    }
  };
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorCode::file_not_found, path.string(), "a tokenizer's file or folder", "nothing there");
  }
  if (failed) throw Error(ErrorCode::io, path.string(), "a readable file or folder", failed.message());
  if (fs::is_directory(status)) {
    files.is_folder_ = true;
    for (const char* name : kKnown) add_if_there(name, path);
    if (files.entries_.empty()) {
      throw Error(ErrorCode::file_not_found, path.string(),
                  "a folder with tokenizer.json, vocab.txt, a sentencepiece model, or vocab.json and merges.txt",
                  "none of them");
    }
    for (const char* name : kBesideAny) add_if_there(name, path);
    return files;
  }
  std::string bytes = read_file(path);
  const std::string role = role_of(path, bytes);
  add(role, path, std::move(bytes));
  const fs::path folder = path.parent_path();
  if (role == "vocab.json") add_if_there("merges.txt", folder);
  if (role == "merges.txt") add_if_there("vocab.json", folder);
  if (role == "tokenizer.json") return files;
  for (const char* name : kBesideAny) add_if_there(name, folder);
  return files;
}

std::optional<std::string_view> TokenizerFiles::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return entry.bytes;
  }
  return std::nullopt;
}

std::string TokenizerFiles::where(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return entry.where;
  }
  return std::string(name);
}

std::string TokenizerFiles::names() const {
  std::string names;
  for (const Entry& entry : entries_) names += (names.empty() ? "" : ", ") + entry.name;
  return names.empty() ? "no files" : names;
}

}  // namespace bertrt::tokenizer
