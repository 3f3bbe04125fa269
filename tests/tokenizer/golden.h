#pragma once

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertrt/tokenizer.h"

// Reads the golden files that tests/data/wordpiece/make_goldens.py writes.
namespace bertrt::testing {

inline std::string data_path(const std::string& name) { return std::string(BERTRT_TEST_DATA) + "/" + name; }

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// The WordPiece tokenizers of the golden files: "main" is bert-base-uncased's vocabulary, the others share a small one
/// that their tokenizer.json files leave out.
inline Tokenizer load_golden_tokenizer(const std::string& name) {
  if (name == "main") return Tokenizer::load(data_path("wordpiece/vocab.txt"));
  auto document = nlohmann::json::parse(read_file(data_path("wordpiece/small/" + name + ".json")));
  std::int64_t id = 0;
  for (const std::string& token : read_lines(data_path("wordpiece/small/vocab.txt"))) {
    document["model"]["vocab"][token] = id++;
  }
  const std::string bytes = document.dump();
  const Tokenizer::File file{"tokenizer.json", bytes};
  return Tokenizer::from_files({&file, 1});
}

}  // namespace bertrt::testing
