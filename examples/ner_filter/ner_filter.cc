// Takes names out of a text, line by line: bertrt_ner_filter MODEL LABEL[,LABEL…] <letters.txt >anonymous.txt
// "Angela Merkel lives near Berlin" becomes "[PER] lives near Berlin" with the label PER.
#include <bertrt/bertrt.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kLinesAtOnce = 64;

std::string without(const std::string& line, const std::vector<bertrt::Entity>& entities, const std::string& labels) {
  std::string kept;
  std::size_t done = 0;
  for (const bertrt::Entity& entity : entities) {
    const bool is_wanted = ("," + labels + ",").find("," + entity.label + ",") != std::string::npos;
    if (!is_wanted || entity.start < done) continue;
    kept += line.substr(done, entity.start - done) + "[" + entity.label + "]";
    done = entity.end;
  }
  return kept + line.substr(done);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("usage: bertrt_ner_filter MODEL LABEL[,LABEL...]\n", stderr), 2;
  const bertrt::TokenClassifier find(bertrt::BertSession::load(argv[1]));
  // Whole words; windows that share 32 tokens, so that no line is too long.
  const bertrt::TokenClassifierOptions options{.aggregation = bertrt::Aggregation::first, .stride = 32};
  std::vector<std::string> lines;
  const auto answer = [&] {
    const auto entities = find(lines, options);
    for (std::size_t i = 0; i < lines.size(); ++i) std::cout << without(lines[i], entities[i], argv[2]) << '\n';
    lines.clear();
  };
  for (std::string line; std::getline(std::cin, line);) {
    lines.push_back(line);
    if (lines.size() == kLinesAtOnce) answer();
  }
  answer();
  return std::cout.flush() ? 0 : 1;
} catch (const bertrt::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
