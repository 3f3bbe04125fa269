// Semantic search over a folder of text files: bertrt_semantic_search MODEL FOLDER "what you look for"
#include <bertrt/bertrt.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 4) return std::fputs("usage: bertrt_semantic_search MODEL FOLDER QUERY\n", stderr), 2;
  const bertrt::Embedder embed = bertrt::Embedder::load(argv[1]);

  // Every line that is not blank is a passage.
  std::vector<std::string> passages;
  std::vector<std::string> places;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[2])) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream file(entry.path());
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      places.push_back(entry.path().filename().string() + ":" + std::to_string(number));
      passages.push_back(std::move(line));
    }
  }

  const bertrt::Matrix vectors = embed.document(passages);
  const bertrt::Matrix query = embed.query(std::vector<std::string>{argv[3]});
  // A real index (faiss, usearch, hnswlib) takes the rows of `vectors` as they are.
  const auto hits = bertrt::search(query, vectors, {.top_k = 5, .similarity = embed.info().similarity});
  for (const bertrt::SearchHit& hit : hits.front()) {
    std::printf("%.3f  %s  %s\n", static_cast<double>(hit.score), places[hit.index].c_str(),
                passages[hit.index].c_str());
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
