// A text alone, padded, batched and reordered gives the same answer; threads give the same bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "session/trace_golden.h"

namespace bertrt {
namespace {

constexpr std::int32_t kVocabulary = 99;

std::vector<Encoding> random_texts(std::size_t count, std::size_t longest) {
  std::mt19937 random(7);
  std::vector<Encoding> texts;
  for (std::size_t i = 0; i < count; ++i) {
    Encoding text;
    const std::size_t tokens = 1 + random() % longest;
    const std::size_t first = 1 + random() % tokens;
    for (std::size_t t = 0; t < tokens; ++t) {
      text.input_ids.push_back(static_cast<std::int32_t>(random() % kVocabulary));
      text.token_type_ids.push_back(t < first ? 0 : 1);
    }
    texts.push_back(text);
  }
  return texts;
}

Encoding padded(Encoding text, std::size_t length) {
  text.attention_mask.assign(text.size(), 1);
  text.attention_mask.resize(length, 0);
  text.input_ids.resize(length, 0);
  text.token_type_ids.resize(length, 0);
  return text;
}

class SameAnswer : public ::testing::TestWithParam<const char*> {};

TEST_P(SameAnswer, AlonePaddedBatchedReordered) {
  const BertSession session = load_trace(GetParam());
  const std::vector<Encoding> texts = random_texts(40, session.info().max_length);
  std::vector<Encoding> reversed(texts.rbegin(), texts.rend());
  const RunRequest all = RunRequest::everything();
  const EncoderOutput batched = session.run(texts, all);
  const EncoderOutput reordered = session.run(reversed, all);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const EncoderOutput alone = session.run(texts[i], all);
    const EncoderOutput with_padding = session.run(padded(texts[i], session.info().max_length), all);
    const std::size_t mirrored = texts.size() - 1 - i;
    for (std::size_t layer = 0; layer < alone.all_encoder_layers.size(); ++layer) {
      const auto expected = alone.all_encoder_layers[layer].text(0);
      EXPECT_LE(difference(expected, with_padding.all_encoder_layers[layer].text(0)), 1e-5F);
      EXPECT_LE(difference(expected, batched.all_encoder_layers[layer].text(i)), 1e-5F);
      EXPECT_LE(difference(expected, reordered.all_encoder_layers[layer].text(mirrored)), 1e-5F);
    }
    ASSERT_EQ(alone.more.size(), batched.more.size());
    for (std::size_t k = 0; k < alone.more.size(); ++k) {
      const TextTensor& expected = alone.more[k].texts[0];
      EXPECT_EQ(expected.shape, batched.more[k].texts[i].shape);
      EXPECT_LE(difference(expected.data, batched.more[k].texts[i].data), 1e-4F);
      EXPECT_LE(difference(expected.data, reordered.more[k].texts[mirrored].data), 1e-4F);
      EXPECT_LE(difference(expected.data, with_padding.more[k].texts[0].data), 1e-4F);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Traces, SameAnswer,
                         ::testing::Values("bert_layers.pt", "bert_batch2.pt", "pytorch_pretrained_bert.pt",
                                           "bert_classify.pt", "bert_qa.pt", "longformer.pt", "toy_fixed.pt"),
                         [](const auto& test) {
                           const std::string file = test.param;
                           return file.substr(0, file.find('.'));
                         });

TEST(Mask, AHoleIsHonoured) {
  const BertSession session = load_trace("bert_layers.pt");
  Encoding text = random_texts(1, 20).front();
  text.input_ids = {10, 11, 12, 13};
  text.token_type_ids.clear();
  text.attention_mask = {1, 0, 1, 1};
  const EncoderOutput before = session.run(text);
  text.input_ids[1] = 50;
  const EncoderOutput after = session.run(text);
  for (const std::size_t token : {0U, 2U, 3U}) {
    EXPECT_EQ(difference(before.last_hidden_state().row(0, token), after.last_hidden_state().row(0, token)), 0);
  }
  text.attention_mask.clear();
  const EncoderOutput seen = session.run(text);
  EXPECT_GT(difference(seen.last_hidden_state().row(0, 0), after.last_hidden_state().row(0, 0)), 1e-4F);
}

TEST(Threads, OneSessionGivesTheSameBitsToAll) {
  const BertSession session = load_trace("bert_layers.pt");
  const std::vector<Encoding> texts = random_texts(24, 64);
  const EncoderOutput expected = session.run(texts, RunRequest::everything());
  constexpr std::size_t kThreads = 4;
  std::vector<int> wrong(kThreads, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        const EncoderOutput output = session.run(texts, RunRequest::everything());
        const auto a = output.last_hidden_state().data();
        const auto b = expected.last_hidden_state().data();
        if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) ++wrong[t];
        if (output.pooled_output->data != expected.pooled_output->data) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

}  // namespace
}  // namespace bertrt
