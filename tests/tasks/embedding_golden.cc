#include "embedding_golden.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace bertrt::embedding_test {
namespace {

namespace fs = std::filesystem;
constexpr double kOtherShape = std::numeric_limits<double>::infinity();

double between(double found, double wanted) {
  const double distance = std::abs(found - wanted) / std::max(1.0, std::abs(wanted));
  return std::isnan(distance) ? kOtherShape : distance;
}

}  // namespace

Json expected(const fs::path& folder) {
  std::ifstream in(folder / "expected.json");
  return Json::parse(in);
}

std::vector<fs::path> folders(const std::string& task) {
  std::vector<fs::path> roots = {fs::path(BERTRT_TEST_DATA) / "tasks"};
  if (const char* more = std::getenv("BERTRT_MORE_GOLDEN")) roots.emplace_back(more);
  std::vector<fs::path> found;
  for (const fs::path& root : roots) {
    for (const auto& entry : fs::directory_iterator(root)) {
      if (fs::exists(entry.path() / "expected.json") && expected(entry.path()).at("task") == task)
        found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Matrix python_call(const Embedder& embed, const Json& the_case, const std::string& method) {
  const auto texts = the_case.at("inputs").get<std::vector<std::string>>();
  const Json& arguments = the_case.at("arguments");
  EmbedOptions options;
  options.normalize = arguments.value("normalize_embeddings", false);
  options.dimensions = arguments.value("truncate_dim", std::size_t{0});
  options.prompt_name = arguments.value("prompt_name", std::string());
  if (arguments.contains("prompt")) options.prompt = arguments["prompt"].get<std::string>();
  options.batch_tokens = 64;  // more than one batch
  if (method == "encode_query") return embed.query(texts, options);
  if (method == "encode_document") return embed.document(texts, options);
  return embed(texts, options);
}

double difference(const Matrix& found, const Json& wanted) {
  if (!wanted.is_array() || wanted.size() != found.rows) return kOtherShape;
  double largest = 0;
  for (std::size_t row = 0; row < found.rows; ++row) {
    if (wanted[row].size() != found.cols) return kOtherShape;
    for (std::size_t i = 0; i < found.cols; ++i) {
      largest = std::max(largest, between(static_cast<double>(found.row(row)[i]), wanted[row][i].get<double>()));
    }
  }
  return largest;
}

double difference(const SparseVector& found, const Json& wanted) {
  if (found.indices != wanted.at("indices").get<std::vector<std::int32_t>>()) return kOtherShape;
  double largest = 0;
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    largest = std::max(largest, between(static_cast<double>(found.values[i]), wanted["values"].at(i).get<double>()));
  }
  return largest;
}

}  // namespace bertrt::embedding_test
