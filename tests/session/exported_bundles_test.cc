#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "bertrt/session.h"
#include "bertrt/verify.h"

namespace bertrt {
namespace {

using Json = nlohmann::json;

constexpr float kEqual = 1e-5F;

const std::filesystem::path& folder() {
  static const std::filesystem::path kFolder = std::filesystem::path(BERTRT_TEST_DATA) / "bundles";
  return kFolder;
}

Json bundles() { return Json::parse(std::ifstream(folder() / "bundles.json")); }

BertSession load(const Json& bundle) {
  return BertSession::load(folder() / (bundle["name"].get<std::string>() + ".pt"));
}

// What the task is about; a trace of masked-lm's forward() gives its logits alone.
std::span<const float> answer(const EncoderOutput& output, const std::string& task) {
  if (task == "encoder") return output.last_hidden_state().data();
  return task == "sequence-classification" ? std::span<const float>(output.text_logits->data)
                                           : output.token_logits->data();
}

// Of families that the packed engine knows nothing of, too: a bundle's manifest names what the trace's operators give.
TEST(ExportedBundles, RunOnTheEngineThatTheExporterNamesAndAnswerAsPython) {
  for (const Json& bundle : bundles()) {
    SCOPED_TRACE(bundle["name"]);
    const BertSession session = load(bundle);
    EXPECT_EQ(session.info().architecture, bundle["architecture"].get<std::string>());
    EXPECT_EQ(to_string(session.info().engine), bundle["engine"].get<std::string>()) << session.info().engine_why;
    ASSERT_GE(bundle["cases"].size(), 2U);
    for (const Json& expected : bundle["cases"]) {
      Encoding encoding;
      encoding.input_ids = expected["ids"].get<std::vector<std::int32_t>>();
      const EncoderOutput output = session.run(encoding, RunRequest::everything());
      const auto found = answer(output, bundle["task"]);
      const auto wanted = expected["values"].get<std::vector<float>>();
      ASSERT_EQ(found.size(), wanted.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_NEAR(found[i], wanted[i], kEqual * std::max(1.0F, std::abs(wanted[i]))) << i;
      }
    }
  }
}

TEST(ExportedBundles, PassTheirSelfTestWithTheirOwnTokenizer) {
  for (const Json& bundle : bundles()) {
    const BertSession session = load(bundle);
    const VerifyReport report = verify(session);
    EXPECT_GT(report.cases, 0U);
    EXPECT_TRUE(report.tokens_equal) << bundle["name"];
    EXPECT_TRUE(report.ok) << bundle["name"] << ": " << report.why;
  }
}

}  // namespace
}  // namespace bertrt
