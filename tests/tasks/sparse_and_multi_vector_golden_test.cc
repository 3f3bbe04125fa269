#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "bertrt/hybrid_embedder.h"
#include "bertrt/multi_vector_embedder.h"
#include "bertrt/session.h"
#include "bertrt/similarity.h"
#include "bertrt/sparse_embedder.h"
#include "embedding_golden.h"
#include "error_matchers.h"

namespace bertrt {
namespace {

using embedding_test::difference;
using embedding_test::Json;

constexpr double kEqual = 1e-5;

using Strings = std::vector<std::string>;

std::vector<SparseVector> python_sparse(const SparseEmbedder& embed, const Json& the_case) {
  SparseEmbedOptions options;
  options.max_active = the_case["arguments"].value("max_active_dims", std::size_t{0});
  if (the_case["method"] == "encode_query") options.prompt_name = "query";
  return embed(the_case["inputs"].get<Strings>(), options);
}

void expect_sparse(const SparseEmbedder& embed, const std::vector<SparseVector>& found, const Json& wanted,
                   const Json& similarity_of_all, const Json& decoded, const std::string& name) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LE(difference(found[i], wanted[i]), kEqual) << name << i;
    for (std::size_t j = 0; j < found.size(); ++j) {
      const double score = similarity_of_all[i][j].get<double>();
      EXPECT_NEAR(static_cast<double>(dot(found[i], found[j])), score, kEqual * std::max(1.0, score)) << name;
    }
    const std::vector<SparseToken> tokens = embed.decode(found[i], decoded[i].size());
    for (std::size_t k = 0; k < tokens.size(); ++k) {
      EXPECT_EQ(tokens[k].token, decoded[i][k][0].get<std::string>()) << name << i;
      EXPECT_NEAR(static_cast<double>(tokens[k].weight), decoded[i][k][1].get<double>(), kEqual) << name << i;
    }
  }
}

TEST(SparseEmbedderGolden, GivesWhatSparseEncoderGives) {
  const auto folders = embedding_test::folders("sparse-embedding");
  EXPECT_GE(folders.size(), 2U);
  for (const auto& folder : folders) {
    const Json expected = embedding_test::expected(folder);
    const SparseEmbedder embed(BertSession::load(folder));
    expect_sparse(embed, embed(expected["inputs"].get<Strings>()), expected["result"], expected["similarity"],
                  expected["decode_top_5"], folder.filename().string() + " ");
  }
}

TEST(SparseEmbedderGolden, NeighboursAndTablesOfWeights) {
  const auto folders = embedding_test::folders("sparse-neighbour");
  EXPECT_GE(folders.size(), 2U);
  for (const auto& folder : folders) {
    const SparseEmbedder embed = SparseEmbedder::load(folder);
    const Json expected = embedding_test::expected(folder);
    for (const Json& the_case : expected["cases"]) {
      expect_sparse(embed, python_sparse(embed, the_case), the_case["result"], the_case["similarity"],
                    the_case["decode"], folder.filename().string() + " ");
    }
  }
}

void expect_rows(const std::vector<Matrix>& found, const Json& wanted, const std::string& name) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_LE(difference(found[i], wanted[i]), kEqual) << name << i;
}

void expect_scores(const std::vector<Matrix>& queries, const std::vector<Matrix>& documents, const Json& wanted) {
  for (std::size_t i = 0; i < queries.size(); ++i) {
    for (std::size_t j = 0; j < documents.size(); ++j) {
      const double score = wanted[i][j].get<double>();
      // Python's -1e9 for a document without rows is that many times the query's rows.
      if (documents[j].rows == 0) {
        EXPECT_LE(max_sim(queries[i], documents[j]), -1e8F);
        continue;
      }
      EXPECT_NEAR(static_cast<double>(max_sim(queries[i], documents[j])), score, 5 * kEqual);
    }
  }
}

TEST(MultiVectorEmbedderGolden, GivesWhatMultiVectorEncoderGives) {
  const auto folders = embedding_test::folders("multi-vector");
  EXPECT_GE(folders.size(), 2U);
  for (const auto& folder : folders) {
    const Json expected = embedding_test::expected(folder);
    const MultiVectorEmbedder embed(BertSession::load(folder));
    const auto queries = embed(expected["queries"].get<Strings>(), TextRole::query);
    const auto documents = embed(expected["documents"].get<Strings>(), TextRole::document);
    expect_rows(queries, expected["query_vectors"], folder.filename().string() + " query ");
    expect_rows(documents, expected["document_vectors"], folder.filename().string() + " document ");
    expect_scores(queries, documents, expected["maxsim"]);
  }
}

TEST(MultiVectorEmbedderGolden, Neighbours) {
  const auto folders = embedding_test::folders("multi-vector-neighbour");
  EXPECT_GE(folders.size(), 2U);
  for (const auto& folder : folders) {
    const Json expected = embedding_test::expected(folder);
    const MultiVectorEmbedder embed(BertSession::load(folder));
    const auto texts = expected["cases"][0]["inputs"].get<Strings>();
    const auto queries = embed(texts, TextRole::query);
    const auto documents = embed(texts, TextRole::document);
    expect_rows(queries, expected["cases"][0]["result"], folder.filename().string() + " query ");
    expect_rows(documents, expected["cases"][1]["result"], folder.filename().string() + " document ");
    expect_scores(queries, documents, expected["maxsim"]);
  }
}

TEST(HybridEmbedderGolden, ThreeFormsOfOnePass) {
  const auto folders = embedding_test::folders("hybrid-neighbour");
  ASSERT_EQ(folders.size(), 1U);
  const HybridEmbedder embed(BertSession::load(folders.front()));
  const Json expected = embedding_test::expected(folders.front());
  Strings texts;
  for (const Json& the_case : expected["cases"]) texts.push_back(the_case["text"].get<std::string>());
  const std::vector<HybridVectors> found = embed(texts);
  ASSERT_EQ(found.size(), texts.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Json& wanted = expected["cases"][i];
    const Matrix dense{1, found[i].dense.size(), found[i].dense};
    EXPECT_LE(difference(dense, Json::array({wanted["dense"]})), kEqual) << i;
    EXPECT_LE(difference(found[i].sparse, wanted), kEqual) << i;
    EXPECT_LE(difference(found[i].rows, wanted["rows"]), kEqual) << i;
  }
  const Error error = thrown_by([] {
    HybridEmbedder(BertSession::load(std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "feature-extraction"));
  });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
}

TEST(FeatureExtractionGolden, HiddenStatesOfAFolder) {
  const auto folder = std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "feature-extraction";
  const Json expected = embedding_test::expected(folder);
  const BertSession session = BertSession::load(folder);
  std::size_t text = 0;
  for (const Json& input : expected["inputs"]) {
    const EncoderOutput output = session.run(session.tokenizer().encode(input.get<std::string>()));
    const Json& rows = expected["result"][text++];
    ASSERT_EQ(output.last_hidden_state().sequence(0), rows.size());
    for (std::size_t token = 0; token < rows.size(); ++token) {
      const std::span<const float> found = output.last_hidden_state().row(0, token);
      for (std::size_t i = 0; i < rows[token].size(); ++i) {
        EXPECT_NEAR(static_cast<double>(found[i]), rows[token][i].get<double>(), kEqual);
      }
    }
  }
}

}  // namespace
}  // namespace bertrt
