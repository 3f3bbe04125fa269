// What a search engine's second stage does: bertrt_reranker MODEL QUERY <hits.txt prints the ten best lines of them.
#include <bertrt/bertrt.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("usage: bertrt_reranker MODEL QUERY\n", stderr), 2;
  const bertrt::Reranker rerank(bertrt::BertSession::load(argv[1]));
  std::vector<std::string> documents;
  for (std::string line; std::getline(std::cin, line);) documents.push_back(line);
  for (const bertrt::RankedDocument& hit : rerank.rank(argv[2], documents, 10)) {
    std::printf("%.4f  %s\n", static_cast<double>(hit.score), documents[hit.index].c_str());
  }
  return 0;
} catch (const bertrt::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
