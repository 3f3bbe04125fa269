#include "model/architecture.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>

#include "archive/test_zip.h"

namespace bertrt::model {
namespace {

// The exporter wrote down the architecture of every bundle; the trace inside says the same without it.
TEST(Architecture, IsToldFromTheTraceAsTheManifestSays) {
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(archive::test::data("parity"))) {
    if (entry.path().extension() != ".pt") continue;
    const auto file = ModelFile::open(entry.path());
    if (!file->manifest()) continue;
    const auto place = find_encoder(*file);
    ASSERT_TRUE(place.has_value());
    EXPECT_EQ(place->architecture, file->manifest()->architecture) << entry.path();
    seen.insert(place->architecture);
  }
  EXPECT_THAT(seen, testing::ElementsAre("albert", "bert", "camembert", "distilbert", "electra", "mpnet", "roberta",
                                         "xlm-roberta"));
}

TEST(Architecture, FindsThePrefix) {
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("traces/bert_tuple.pt")))->prefix, "");
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("traces/bert_qa.pt")))->prefix, "bert.");
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("parity/mpnet.pt")))->prefix, "mpnet.");
  EXPECT_EQ(guess_architecture(*ModelFile::open(archive::test::data("traces/toy_slice.pt"))), "");
}

}  // namespace
}  // namespace bertrt::model
