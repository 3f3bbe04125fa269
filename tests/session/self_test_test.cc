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

// kJson with one part of it replaced.
std::string with(std::string_view part, std::string_view by) {
  std::string json(kJson);
  const std::size_t at = json.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return json.replace(at, part.size(), by);
}

// Each of these would have compared nothing, or read beyond the end of what it is compared with.
TEST(SelfTest, WhatProvesNothingIsAnError) {
  const std::pair<std::string_view, std::string_view> changes[] = {
      {R"("rows":[1],"data":[[3,4]])", R"("rows":[],"data":[])"},
      {R"("rows":[1],"data":[[3,4]])", R"("rows":[1],"data":[])"},
      {R"("rows":[1],"data":[[3,4]])", R"("rows":[1],"data":[[]])"},
      {R"("rows":[1],"data":[[3,4]])", R"("rows":[1],"data":[[3,4],[5,6]])"},
      {R"("rows":[1],"data":[[3,4]])", R"("rows":[0,1],"data":[[3,4],[5]])"},
      {R"("rows":[1])", R"("rows":[2])"},
      {R"("rows":[1])", R"("rows":[-1])"},
      {R"("rows":[1])", R"("rows":[1.0])"},
      {R"("rows":[1])", R"("rows":[18446744073709551615])"},
      {"[[3,4]]", "[[3,1e39]]"},
      {"[[3,4]]", "[[3,1e999]]"},
      {"[[3,4]]", "[[3,NaN]]"},
      {"[[3,4]]", "[[3,null]]"},
      {"[[3,4]]", "[[3,\"4\"]]"},
      {"[1,2]", "[]"},
      {"[1,2]", "[1,-2]"},
      {"[1,2]", "[1,2147483648]"},
      {"[0,0]", "[0]"},
      {"[2,0]", "[2]"},
      {"[2,0]", "[-2,0]"},
      {R"("text":"a",)", ""},
      {R"("text":"a")", R"("text":"a","text":"b")"},
      {R"("last_hidden_state")", R"("last_hidden")"},
  };
  for (const auto& [part, by] : changes) {
    const std::string json = with(part, by);
    EXPECT_EQ(thrown_by([&] { parse_self_test(json, "test"); }).code(), ErrorCode::invalid_format) << json;
  }
  EXPECT_EQ(parse_self_test(kJson, "test").size(), 1U);
  const std::string deep = std::string(R"({"cases":[)").append(100000, '[');
  EXPECT_EQ(thrown_by([&] { parse_self_test(deep, "test"); }).code(), ErrorCode::invalid_format);
}

TEST(SelfTest, ComparesEveryHeadThatItHasValuesFor) {
  const auto difference = [](std::string_view key, std::string_view rows) {
    std::string json(kJson);
    const std::size_t at = json.find(R"("logits":)");
    json = json.substr(0, at).append(key).append(rows).append("}]}");
    const auto cases = parse_self_test(json, "test");
    return run_self_test(
               cases, "test",
               [](const Encoding&, const RunRequest& request) {
                 EXPECT_TRUE(request.logits);
                 EncoderOutput out = output(4, 7);
                 out.text_logits = Matrix{1, 3, {5, 6, 7}};
                 const auto offsets = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 2});
                 out.start_logits.emplace(offsets, 1, std::vector<float>{1, 2});
                 out.end_logits.emplace(offsets, 1, std::vector<float>{3, 4});
                 return out;
               })
        .logits.max();
  };
  EXPECT_EQ(difference(R"("text_logits":)", R"({"data":[[5,6,7]]})"), 0);
  EXPECT_EQ(difference(R"("text_logits":)", R"({"data":[[5,6,9]]})"), 2);
  EXPECT_EQ(difference(R"("start_logits":)", R"({"rows":[1],"data":[[2]]})"), 0);
  EXPECT_EQ(difference(R"("end_logits":)", R"({"rows":[0,1],"data":[[3],[1]]})"), 3);
  EXPECT_THROW(difference(R"("text_logits":)", R"({"data":[[5,6]]})"), Error);
  EXPECT_THROW(difference(R"("text_logits":)", R"({"data":[]})"), Error);
  EXPECT_THROW(difference(R"("text_logits":)", R"({"data":[[1,2,3],[1,2,3]]})"), Error);
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
