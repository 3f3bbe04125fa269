#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "bertrt/classifier.h"
#include "bertrt/embedder.h"
#include "bertrt/hybrid_embedder.h"
#include "bertrt/multi_vector_embedder.h"
#include "bertrt/similarity.h"
#include "bertrt/sparse_embedder.h"
#include "embedding_golden.h"
#include "error_matchers.h"

namespace bertrt {
namespace {

namespace fs = std::filesystem;
using embedding_test::difference;
using embedding_test::Json;
using Strings = std::vector<std::string>;

constexpr double kEqual = 1e-5;

fs::path folder_of(const std::string& name) { return fs::path(BERTRT_TEST_DATA) / "tasks" / name; }
Json golden(const std::string& name) { return embedding_test::expected(folder_of(name)); }

// What models/export.py made of the golden folder.
BertSession bundle(const std::string& name) { return BertSession::load(folder_of("bundles") / (name + ".pt")); }

TEST(BundleGolden, SentencesGoThroughTheModulesThatTravelAlong) {
  for (const std::string name : {"sentence-mean", "neighbour-layers"}) {
    const Embedder embed(bundle(name));
    EXPECT_EQ(embed.info().pooling_why, "the model's own");
    const Json expected = golden(name);
    std::size_t cases = 0;
    for (const Json& the_case : expected["cases"]) {
      if (the_case["arguments"].contains("precision")) continue;
      const Matrix found = embedding_test::python_call(embed, the_case, the_case.value("method", "encode"));
      EXPECT_LE(difference(found, the_case["result"]), kEqual) << name << the_case["arguments"];
      ++cases;
    }
    EXPECT_GE(cases, 3U) << name;
  }
}

TEST(BundleGolden, SettingsAreThoseOfTheFolder) {
  const Embedder from_bundle(bundle("sentence-mean"));
  const Embedder from_folder = Embedder::load(folder_of("sentence-mean"));
  EXPECT_EQ(from_bundle.info().prompts, from_folder.info().prompts);
  EXPECT_EQ(from_bundle.info().max_length, from_folder.info().max_length);
  EXPECT_EQ(from_bundle.info().dimensions, from_folder.info().dimensions);
  EXPECT_EQ(Embedder(bundle("neighbour-layers")).info().similarity, Similarity::manhattan);
}

// --dtype int8: the file has the integers that loading the floats makes.
TEST(BundleGolden, StoredIntegersAnswerAsThoseMadeAtLoad) {
  const fs::path floats = folder_of("bundles") / "sentence-mean.pt";
  const fs::path integers = folder_of("bundles") / "sentence-mean-int8.pt";
  EXPECT_LT(fs::file_size(integers), fs::file_size(floats) * 2 / 3);  // a tiny model: most of it is tables and files
  const auto load = [](const fs::path& file, DType dtype) {
    SessionOptions options;
    options.packed.dtype = dtype;
    return BertSession::load(file, options);
  };
  const Strings texts = golden("sentence-mean")["cases"][0]["inputs"].get<Strings>();
  const BertSession session = load(integers, DType::int8);
  EXPECT_EQ(session.info().engine, EngineKind::packed) << session.info().engine_why;
  EXPECT_EQ(Embedder(session)(texts).data, Embedder(load(floats, DType::int8))(texts).data);

  // In fp32 the integers are widened: what Python computed of them is the self-test, which the load was held to.
  const BertSession wide = load(integers, DType::fp32);
  EXPECT_EQ(wide.info().engine, EngineKind::packed) << wide.info().engine_why;
  const Matrix near = Embedder(wide)(texts);
  const Matrix exact = Embedder(load(floats, DType::fp32))(texts);
  for (std::size_t i = 0; i < near.rows; ++i) {
    EXPECT_GT(similarity(near.row(i), exact.row(i), Similarity::cosine), 0.99F);
  }
}

TEST(BundleGolden, SparseVectors) {
  const Json expected = golden("splade");
  const SparseEmbedder embed(bundle("splade"));
  EXPECT_EQ(embed.pooling_why(), "the model's own");
  const auto found = embed(expected["inputs"].get<Strings>());
  ASSERT_EQ(found.size(), expected["result"].size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_LE(difference(found[i], expected["result"][i]), kEqual) << i;
}

TEST(BundleGolden, OneVectorAToken) {
  const Json expected = golden("colbert-expansion");
  const MultiVectorEmbedder embed(bundle("colbert-expansion"));
  for (const auto& [role, texts, vectors] : {std::tuple(TextRole::query, "queries", "query_vectors"),
                                             std::tuple(TextRole::document, "documents", "document_vectors")}) {
    const auto found = embed(expected[texts].get<Strings>(), role);
    ASSERT_EQ(found.size(), expected[vectors].size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_LE(difference(found[i], expected[vectors][i]), kEqual) << vectors << i;
    }
  }
}

TEST(BundleGolden, ThreeFormsOfOnePass) {
  const HybridEmbedder embed(bundle("neighbour-hybrid"));
  const Json expected = golden("neighbour-hybrid");
  for (const Json& wanted : expected["cases"]) {
    const HybridVectors found = embed(wanted["text"].get<std::string>());
    EXPECT_LE(difference(Matrix{1, found.dense.size(), found.dense}, Json::array({wanted["dense"]})), kEqual);
    EXPECT_LE(difference(found.sparse, wanted), kEqual);
    EXPECT_LE(difference(found.rows, wanted["rows"]), kEqual);
  }
}

TEST(BundleGolden, LabelsAndProblemType) {
  const std::string name = "text-classification-multi";
  const Classifier from_bundle(bundle(name));
  const Classifier from_folder(BertSession::load(folder_of(name)));
  const auto found = from_bundle("Who was Jim Henson ?");
  const auto wanted = from_folder("Who was Jim Henson ?");
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].label, wanted[i].label);
    EXPECT_NEAR(static_cast<double>(found[i].score), static_cast<double>(wanted[i].score), kEqual);
  }
}

TEST(BundleGolden, AnotherTaskIsRefused) {
  const Error sparse = thrown_by([] { SparseEmbedder embed(bundle("sentence-mean")); });
  EXPECT_EQ(sparse.code(), ErrorCode::unsupported);
  const Error dense = thrown_by([] { Embedder embed(bundle("splade")); });
  EXPECT_EQ(dense.code(), ErrorCode::unsupported);
  EXPECT_THAT(dense.found(), testing::HasSubstr("SpladePooling"));
}

}  // namespace
}  // namespace bertrt
