#include <gtest/gtest.h>

#include <filesystem>

#include "bertrt/error.h"
#include "bertrt/session.h"

namespace bertrt {
namespace {

namespace fs = std::filesystem;

TEST(LoadTokenizer, OfABundleIsTheSessions) {
  const fs::path path = fs::path(BERTRT_MODELS) / "demo.pt";
  const Tokenizer alone = BertSession::load_tokenizer(path);
  const BertSession session = BertSession::load(path, {.warmup = false});
  EXPECT_EQ(alone.vocab_size(), session.tokenizer().vocab_size());
  EXPECT_EQ(alone.encode("Who was Jim Henson ?", "A puppeteer [MASK]").input_ids,
            session.tokenizer().encode("Who was Jim Henson ?", "A puppeteer [MASK]").input_ids);
}

TEST(LoadTokenizer, OfAModelWithoutOneIsAnError) {
  const auto load = [](const fs::path& path) { (void)BertSession::load_tokenizer(path); };
  EXPECT_THROW(load(fs::path(BERTRT_TEST_DATA) / "kinds" / "no_such_file.pt"), Error);
  EXPECT_THROW(load(fs::path(BERTRT_TEST_DATA)), Error);
}

}  // namespace
}  // namespace bertrt
