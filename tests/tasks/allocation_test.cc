// Allocations of every kind of public call fail, one at a time: what comes out is an Error, and the next call is right.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/classifier.h"
#include "bertrt/embedder.h"
#include "bertrt/fill_mask.h"
#include "bertrt/hybrid_embedder.h"
#include "bertrt/multi_vector_embedder.h"
#include "bertrt/multiple_choice.h"
#include "bertrt/next_sentence.h"
#include "bertrt/quantize.h"
#include "bertrt/question_answering.h"
#include "bertrt/reranker.h"
#include "bertrt/runtime.h"
#include "bertrt/search.h"
#include "bertrt/session.h"
#include "bertrt/sparse_embedder.h"
#include "bertrt/token_classifier.h"
#include "bertrt/tokenizer.h"
#include "bertrt/zero_shot.h"
#include "failing_allocations.h"

namespace bertrt {
namespace {

using failing_allocations::fail_allocations;

std::filesystem::path data(const std::string& name) { return std::filesystem::path(BERTRT_TEST_DATA) / name; }
std::filesystem::path folder(const std::string& name) { return data("tasks") / name; }
BertSession session(const std::string& name) { return BertSession::load(folder(name)); }

const std::string kText = "who was jim henson , and where did angela merkel live ? Caf\xc3\xa9 \xf0\x9f\xa4\x97";

class Allocation : public testing::Test {
 protected:
  Allocation() { set_num_threads(1); }
  ~Allocation() override { set_num_threads(0); }

  // Twice, so that a call that comes after failures is seen to go well.
  template <typename Call>
  static void fails_well(const Call& call) {
    call();
    EXPECT_GT(fail_allocations([&] { static_cast<void>(call()); }), 0);
    EXPECT_NO_THROW(call());
  }
};

TEST_F(Allocation, ThatFailsInATokenizerIsAnError) {
  for (const char* name : {"sentence-mean", "token-classification-bpe", "question-answering-xlm-roberta"}) {
    const Tokenizer tokenizer = Tokenizer::load(folder(name));
    const Encoding whole = tokenizer.encode(kText);
    const std::vector<std::string_view> words = {"who", "was", "jim"};
    const std::vector<std::string> texts(40, kText);
    const std::vector<std::vector<std::int32_t>> id_lists(2, whole.input_ids);
    fails_well([&] { return tokenizer.encode(kText, {.pad_to = 60, .with_word_ids = true}); });
    fails_well([&] {
      return tokenizer.encode(kText, kText, {.max_length = 20, .truncation = Truncation::longest_first, .stride = 2});
    });
    fails_well([&] { return tokenizer.encode_words(words); });
    fails_well([&] { return tokenizer.encode_words(words, words); });
    fails_well([&] {
      std::vector<std::int32_t> ids;
      tokenizer.encode_ids(kText, ids);
      return ids;
    });
    fails_well([&] { return tokenizer.encode_batch(texts, {}, 1); });
    fails_well([&] { return tokenizer.encode_batch(texts, {}, 3); });
    fails_well([&] { return tokenizer.decode(whole.input_ids); });
    fails_well([&] { return tokenizer.decode_batch(id_lists); });
    fails_well([&] { return tokenizer.tokens(whole); });
    std::vector<Encoding> copies(400, whole);  // which the caller makes
    fails_well([&] {
      Encoding copy = std::move(copies.back());
      copies.pop_back();
      return code_point_offsets(std::move(copy), kText);
    });
    fails_well([&] {
      DecodeStream stream(tokenizer);
      stream.step(whole.input_ids[1]);
      return stream.step(whole.input_ids[2]);
    });
    EXPECT_EQ(tokenizer.encode(kText).input_ids, whole.input_ids);
  }
}

TEST_F(Allocation, ThatFailsAmongVectorsIsAnError) {
  const Matrix rows{50, 8, std::vector<float>(400, 1)};
  const QuantizationRanges ranges{std::vector<float>(8, -1), std::vector<float>(8, 2)};
  const QuantizedMatrix bytes = quantize(rows, Precision::int8, &ranges);
  fails_well([&] { return search(rows, rows); });
  fails_well([&] { return search(rows, rows, {.threads = 2}); });
  fails_well([&] { return search(bytes, bytes); });
  fails_well([&] { return similarity(rows, rows); });
  fails_well([&] { return quantize(rows, Precision::int8, &ranges); });
  fails_well([&] { return quantization_ranges(rows); });
}

TEST_F(Allocation, ThatFailsInARunIsAnError) {
  const BertSession folder = session("fill-mask");
  const BertSession trace =
      BertSession::load(data("traces") / "bert_tuple.pt", {.engine = EngineKind::graph, .warmup = false});
  for (const BertSession& one : {folder, trace}) {
    const Encoding text = one.tokenizer().encode("who was jim");
    const std::vector<Encoding> texts = {text, text};
    fails_well([&] { return one.run(text, RunRequest::everything()); });
    fails_well([&] { return one.run(texts); });
    const EncoderOutput output = one.run(texts);
    fails_well([&] { return output.last_hidden_state().padded(); });
  }
}

TEST_F(Allocation, ThatFailsInAnEmbedderIsAnError) {
  const std::vector<std::string> texts = {"who was jim", "a"};
  const Embedder embed(session("sentence-mean"));
  const std::vector<Offset> spans = {{0, 3}};
  fails_well([&] { return embed(texts); });
  fails_well([&] { return embed("who"); });
  fails_well([&] { return embed.query(texts); });
  fails_well([&] { return embed.document({"who", "was"}); });
  fails_well([&] { return embed.chunks(kText, spans); });
  fails_well([&] {
    std::size_t at = 0;
    const auto next = [&] { return at < texts.size() ? std::optional(texts[at++]) : std::nullopt; };
    return embed.stream(next, [](std::span<const float>) {});
  });
  const SparseEmbedder sparse(session("splade"));
  const SparseVector vector = sparse("who was jim");
  fails_well([&] { return sparse(texts); });
  fails_well([&] { return sparse.decode(vector); });
  const MultiVectorEmbedder many(session("colbert-expansion"));
  fails_well([&] { return many.query("who"); });
  fails_well([&] { return many(texts, TextRole::document); });
  const HybridEmbedder hybrid(session("neighbour-hybrid"));
  fails_well([&] { return hybrid(texts); });
}

TEST_F(Allocation, ThatFailsInATaskIsAnError) {
  // Lists and options that a caller fills are the caller's.
  const std::vector<std::string> two = {"good", "bad"};
  const FillMask fill(session("fill-mask"));
  fails_well([&] { return fill("the [MASK] of"); });
  const Classifier classify(session("text-classification"));
  fails_well([&] { return classify(two); });
  const TokenClassifier find(session("token-classification"));
  const std::vector<std::string_view> words = {"angela", "merkel"};
  const TokenClassifierOptions in_windows{.aggregation = Aggregation::first, .stride = 2, .max_length = 16};
  fails_well([&] { return find(kText, in_windows); });
  fails_well([&] { return find.words(words, in_windows); });
  const QuestionAnswering ask(session("question-answering"));
  fails_well([&] { return ask("who", kText, {.top_k = 3, .max_length = 16}); });
  const Reranker rerank(session("cross-encoder"));
  fails_well([&] { return rerank.rank("who", two); });
  const ZeroShot shot(session("zero-shot"));
  const ZeroShotOptions hypothesis;
  fails_well([&] { return shot("who", two, hypothesis); });
  fails_well([&] { return ZeroShot::split_labels("a long label, another long label that is longer"); });
  const NextSentence follows(session("next-sentence"));
  fails_well([&] { return follows("who", "was"); });
  const MultipleChoice choose(session("multiple-choice"));
  fails_well([&] { return choose("who", two); });
}

TEST_F(Allocation, ThatFailsWhileATaskIsMadeIsAnError) {
  const BertSession plain = session("sentence-mean");
  fails_well([&] { return Embedder(plain); });
  const BertSession sparse = session("splade");
  fails_well([&] { return SparseEmbedder(sparse); });
  const BertSession words = session("token-classification");
  fails_well([&] { return TokenClassifier(words); });
  const BertSession labels = session("text-classification");
  fails_well([&] { return Classifier(labels); });
}

}  // namespace
}  // namespace bertrt
