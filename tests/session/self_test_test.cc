#include "session/self_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"

namespace bertrt::session {
namespace {

constexpr std::string_view kJson = R"({"cases":[{"text":"a","pair":null,"input_ids":[1,2],"token_type_ids":[0,0],
  "last_hidden_state":{"rows":[1],"data":[[3,4]]},
  "logits":{"rows":[0],"columns":[2,0],"data":[[7,5]]}}]})";

EncoderOutput output(float last, float logit) {
  auto offsets = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 2});
  EncoderOutput out;
  out.all_encoder_layers.emplace_back(offsets, 2, std::vector<float>{1, 2, 3, last});
  auto one = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 1});
  out.token_logits = TokenRows(one, 3, {5, 6, logit});
  return out;
}

SelfTestResult run(float last, float logit) {
  const auto cases = parse_self_test(kJson, "test");
  return run_self_test(cases, "test", [&](const Encoding& encoding, const RunRequest& request) {
    EXPECT_EQ(encoding.input_ids, (std::vector<std::int32_t>{1, 2}));
    EXPECT_EQ(request.logit_tokens, (std::vector<TokenPlace>{{0, 0}}));
    return output(last, logit);
  });
}

TEST(SelfTest, ComparesTheRowsAndColumnsThatItHas) {
  EXPECT_EQ(run(4, 7).hidden.max(), 0);
  EXPECT_EQ(run(4, 7).logits.max(), 0);
  EXPECT_FLOAT_EQ(run(4.5F, 7).hidden.max(), 0.5F);
  EXPECT_FLOAT_EQ(run(4, 7.25F).logits.max(), 0.25F);
  EXPECT_TRUE(run(4, 7).within(verify_bounds(DType::fp32)));
  EXPECT_FALSE(run(4.01F, 7).within(verify_bounds(DType::fp32)));
  EXPECT_FALSE(run(4, 7.01F).within(verify_bounds(DType::fp32)));
}

TEST(SelfTest, DamagedJsonIsAnError) {
  for (const std::string_view json : {"", "{", "{}", R"({"cases":[]})", R"({"cases":[{"text":1}]})", "[1]"}) {
    EXPECT_EQ(thrown_by([&] { parse_self_test(json, "test"); }).code(), ErrorCode::invalid_format) << json;
  }
}

TEST(SelfTest, ACaseThatComparesNothingIsAMismatch) {
  const auto cases = parse_self_test(
      R"({"cases":[{"text":"a","input_ids":[1,2],"last_hidden_state":{"rows":[],"data":[]}}]})", "test");
  const Error error =
      thrown_by([&] { run_self_test(cases, "test", [](const Encoding&, const RunRequest&) { return output(4, 7); }); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
}

TEST(SelfTest, MissingLogitsAreAMismatch) {
  const auto cases = parse_self_test(kJson, "test");
  const Error error = thrown_by([&] {
    run_self_test(cases, "test", [](const Encoding&, const RunRequest&) {
      EncoderOutput out = output(4, 7);
      out.token_logits.reset();
      return out;
    });
  });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
}

}  // namespace
}  // namespace bertrt::session
