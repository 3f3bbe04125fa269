// What is wrong at another length than the traced one must be caught at load, never served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

using ::testing::HasSubstr;

Encoding of_length(std::size_t tokens) {
  Encoding encoding;
  encoding.input_ids.assign(tokens, 10);
  return encoding;
}

TEST(Lengths, AboveWhatIsProvenIsAnError) {
  for (const char* file : {"longformer.pt", "toy_slice.pt", "toy_rows.pt", "toy_fixed.pt"}) {
    SCOPED_TRACE(file);
    const BertSession session = load_trace(file);
    EXPECT_EQ(session.info().max_length, 14U);
    const Error error = thrown_by([&] { session.run(of_length(15)); });
    EXPECT_EQ(error.code(), ErrorCode::input_too_long);
    EXPECT_THAT(error.what(), HasSubstr("at most 14 tokens"));
  }
}

TEST(Lengths, TheModelsLongestIsProvenAndNoMore) {
  const BertSession session = load_trace("bert_tuple.pt");
  EXPECT_EQ(session.info().proven_min, 1U);
  EXPECT_EQ(session.info().max_length, 64U);
  EXPECT_EQ(session.run(of_length(64)).last_hidden_state().total_tokens(), 64U);
  EXPECT_EQ(thrown_by([&] { session.run(of_length(65)); }).code(), ErrorCode::input_too_long);
}

TEST(Lengths, FixedPadsToTheTracedLength) {
  const BertSession session = load_trace("bert_tuple.pt", {.torchscript = {.length_policy = LengthPolicy::fixed}});
  EXPECT_EQ(session.info().proven_max, 0U);
  EXPECT_EQ(session.info().max_length, 14U);
  for (const GoldenCase& golden : load_golden("bert.json")) {
    if (golden.encoding.size() > 14) continue;
    expect_golden(session.run(golden.encoding), 0, golden);
  }
}

TEST(Lengths, WithoutAProofTheTracedLengthIsAllThereIs) {
  const BertSession session = load_trace("bert_tuple.pt", {.prove = false});
  EXPECT_EQ(session.info().max_length, 14U);
  EXPECT_THAT(session.info().lengths_why, HasSubstr("not tried"));
}

TEST(Lengths, WarmUpOutsideTheRangeIsAnError) {
  const Error error = thrown_by([] { load_trace("toy_fixed.pt", {.warmup_lengths = {15}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("warmup_lengths"));
}

}  // namespace
}  // namespace bertrt
