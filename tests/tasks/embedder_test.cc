#include "bertrt/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bertrt/fill_mask.h"
#include "bertrt/hybrid_embedder.h"
#include "bertrt/multi_vector_embedder.h"
#include "bertrt/runtime.h"
#include "bertrt/sparse_embedder.h"
#include "error_matchers.h"

namespace bertrt {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path golden(const std::string& name) { return fs::path(BERTRT_TEST_DATA) / "tasks" / name; }
BertSession session(const std::string& name) { return BertSession::load(golden(name)); }
fs::path trace(const std::string& name) { return fs::path(BERTRT_TEST_DATA) / "traces" / name; }

void expect_equal(std::span<const float> a, std::span<const float> b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

TEST(Embedder, APlainModelIsMeanPooledAndSaysSo) {
  const BertSession plain = session("feature-extraction");
  const Embedder embed(plain);
  EXPECT_THAT(embed.info().pooling_why, HasSubstr("mean: the model's files name no pooling"));
  EXPECT_EQ(embed.info().dimensions, 32U);
  const EncoderOutput output = plain.run(plain.tokenizer().encode("the river"));
  const TokenRows& rows = output.last_hidden_state();
  std::vector<float> mean(32);
  for (std::size_t token = 0; token < rows.sequence(0); ++token) {
    for (std::size_t i = 0; i < 32; ++i) mean[i] += rows.row(0, token)[i] / static_cast<float>(rows.sequence(0));
  }
  expect_equal(embed("the river"), mean);
}

TEST(Embedder, ATraceIsEmbeddedToo) {
  const Embedder embed(BertSession::load(trace("bert_tuple.pt")));
  EXPECT_EQ(embed("a text").size(), embed.info().dimensions);
  EXPECT_EQ(embed(std::vector<std::string>{}).rows, 0U);
}

// Traces that return a text's vector: the first token's last state, normalized. Their weights are bert_tensor.pt's.
TEST(Embedder, ATracesOwnVectorIsTheTexts) {
  const Embedder states(BertSession::load(trace("bert_tensor.pt")), {.pooling = {Pooling::cls}});
  const std::vector<float> want = states("who was jim", {.normalize = true});
  for (const char* name : {"bert_vector.pt", "bert_sentence.pt"}) {
    for (const EngineKind engine : {EngineKind::automatic, EngineKind::graph}) {
      const Embedder own(BertSession::load(trace(name), {.engine = engine}));
      EXPECT_THAT(own.info().pooling_why, HasSubstr("the model's own: its output"));
      expect_equal(own("who was jim"), want);
      EXPECT_THROW(own.chunks("who was jim", std::vector<Offset>{{0, 3}}), Error);
    }
  }
  const BertSession tuple = BertSession::load(trace("bert_tuple.pt"));
  const EncoderOutput output = tuple.run(tuple.tokenizer().encode("who was jim"));
  expect_equal(Embedder(BertSession::load(trace("bert_pooler.pt")))("who was jim"), output.pooled_output->row(0));
  // The caller's pooling is of the states, whatever the trace returns.
  const Embedder pooled(BertSession::load(trace("bert_vector.pt")), {.pooling = {Pooling::cls}});
  expect_equal(pooled("who was jim", {.normalize = true}), want);
}

// Logits of a text are no vector that stands for it, and the states behind them are not what the trace returns.
TEST(Embedder, ATraceThatReturnsSomethingElseOfATextIsRefused) {
  const BertSession classifier = BertSession::load(trace("bert_classify.pt"));
  EXPECT_THAT(thrown_by([&] { Embedder embed(classifier); }).expected(), HasSubstr("EmbedderOptions::pooling"));
  EXPECT_EQ(Embedder(classifier, {.pooling = {Pooling::mean}}).info().dimensions, 16U);
  EXPECT_NO_THROW(Embedder(BertSession::load(trace("bert_masked_lm.pt"))));
}

TEST(Embedder, AMaskIsKnownByWhatItHides) {
  const Embedder named(BertSession::load(trace("bert_ids_mask.pt")));
  const BertSession session = BertSession::load(trace("bert_short_names.pt"));
  EXPECT_EQ(session.info().inputs, (std::vector<std::string>{"input_ids", "attention_mask"}));
  expect_equal(Embedder(session)("who was jim"), named("who was jim"));
}

TEST(Embedder, SettingsOfAFolderAreShown) {
  const EmbedderInfo info = Embedder(session("sentence-mean")).info();
  EXPECT_EQ(info.pooling, std::vector<Pooling>{Pooling::mean});
  EXPECT_EQ(info.max_length, 24U);
  EXPECT_EQ(info.dimensions, 16U);
  EXPECT_EQ(info.pooling_why, "the model's own");
}

TEST(Embedder, TheCallersPoolingGoesInFrontOfTheModelsModules) {
  const Embedder own(session("sentence-mean"));
  const Embedder cls(session("sentence-mean"), {.pooling = {Pooling::cls}});
  EXPECT_EQ(cls.info().dimensions, 16U);
  EXPECT_NE(own("the river"), cls("the river"));
  const Error error = thrown_by([] { Embedder(session("sentence-mean"), {.pooling = {Pooling::cls, Pooling::max}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_EQ(Embedder(session("sentence-max"), {.pooling = {Pooling::cls, Pooling::max}}).info().dimensions, 64U);
}

TEST(Embedder, BadOptionsAreErrors) {
  const Embedder embed(session("sentence-mean"));
  EXPECT_EQ(thrown_by([&] { embed("a", {.prompt_name = "passage"}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { embed("a", {.dimensions = 17}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([] { Embedder(session("sentence-mean"), {.max_length = 65}); }).code(),
            ErrorCode::invalid_argument);
}

TEST(Embedder, OneThatWasMovedFromSaysSo) {
  Embedder embed(session("sentence-mean"));
  const Embedder other = std::move(embed);
  EXPECT_EQ(thrown_by([&] { embed("a"); }).code(), ErrorCode::invalid_argument);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(other("a").size(), 16U);
}

TEST(Embedder, EmptyListsAndEmptyTexts) {
  const Embedder embed(session("sentence-mean"));
  const Matrix none = embed(std::vector<std::string>{});
  EXPECT_EQ(none.rows, 0U);
  EXPECT_EQ(none.cols, 16U);
  const Matrix two = embed({"", "\xFF\xFE"});
  EXPECT_EQ(two.rows, 2U);
  for (const float value : two.data) EXPECT_TRUE(std::isfinite(value));
  EXPECT_EQ(embed.query({"one", "two"}).data, embed.query(std::vector<std::string>{"one", "two"}).data);
  EXPECT_EQ(embed.document({"one"}).rows, 1U);
}

// Python fails on these: its limit says 66 positions, of which RoBERTa uses 64.
TEST(Embedder, ATextBeyondRobertasPositionsIsCut) {
  const Embedder embed(session("neighbour-roberta"));
  EXPECT_EQ(embed.info().max_length, 64U);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "boat ";
  EXPECT_EQ(embed(text).size(), 16U);
}

// Python makes another model of them: the encoder alone, pooled by mean.
TEST(Embedder, ModulesOfAnotherKindOfModelAreRefused) {
  const fs::path copy = fs::temp_directory_path() / ("bertrt_other_kind" + std::to_string(std::random_device()()));
  fs::remove_all(copy);
  fs::copy(golden("sentence-max"), copy, fs::copy_options::recursive);
  fs::remove(copy / "config_sentence_transformers.json");
  EXPECT_NO_THROW((void)Embedder::load(copy));
  for (const std::string kind : {"CrossEncoder", "SparseEncoder", "MultiVectorEncoder"}) {
    std::ofstream(copy / "config_sentence_transformers.json") << R"({"model_type": ")" << kind << "\"}";
    EXPECT_THAT(thrown_by([&] { (void)Embedder::load(copy); }).what(), HasSubstr("found \"" + kind + "\"")) << kind;
  }
  fs::remove_all(copy);
}

// What the Pooling reads is the head's then, and hidden states are no answer.
TEST(Embedder, ATransformersTaskSaysWhatIsPooled) {
  EXPECT_EQ(Embedder::load(golden("neighbour-logits")).info().dimensions, 6U);
  const fs::path copy = fs::temp_directory_path() / ("bertrt_task" + std::to_string(std::random_device()()));
  fs::remove_all(copy);
  fs::copy(golden("sentence-max"), copy, fs::copy_options::recursive);
  const auto refusal = [&](const std::string& task) {
    std::ofstream(copy / "sentence_bert_config.json") << R"({"transformer_task": ")" << task << "\"}";
    return std::string(thrown_by([&] { (void)Embedder::load(copy); }).what());
  };
  EXPECT_THAT(refusal("fill-mask"), HasSubstr("a model with a masked-token head"));
  EXPECT_THAT(refusal("sequence-classification"), HasSubstr("one for sequence-classification"));
  // One's own pooling of hidden states goes in front of modules that keep token rows.
  const Embedder own(session("neighbour-colbert-logits"), {.pooling = {Pooling::mean}});
  EXPECT_EQ(own.info().dimensions, 16U);
  fs::remove_all(copy);
}

// As older versions write it: the encoder in a folder of its own.
TEST(Embedder, TheTransformersFolderMayBeBelow) {
  const fs::path copy = fs::temp_directory_path() / ("bertrt_folder_below" + std::to_string(std::random_device()()));
  fs::remove_all(copy);
  fs::create_directories(copy / "0_Transformer");
  for (const auto& entry : fs::directory_iterator(golden("sentence-max"))) {
    const std::string name = entry.path().filename().string();
    const bool above = name == "modules.json" || name == "config_sentence_transformers.json" || entry.is_directory();
    fs::copy(entry.path(), (above ? copy : copy / "0_Transformer") / name, fs::copy_options::recursive);
  }
  std::ofstream(copy / "modules.json")
      << R"([{"idx":0,"name":"0","path":"0_Transformer","type":"sentence_transformers.models.Transformer"},)"
      << R"({"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}])";
  const Embedder below = Embedder::load(copy);
  EXPECT_EQ(below.info().max_length, 24U);
  expect_equal(below("the river", {.prompt_name = "query"}),
               Embedder(session("sentence-max"))("the river", {.prompt_name = "query"}));
  fs::remove_all(copy);
}

TEST(Embedder, ManyThreadsAtOnce) {
  const Embedder embed(session("sentence-mean"));
  const std::vector<std::string> texts(50, "the king lives in the new house near the river");
  const Matrix wanted = embed(texts);
  std::vector<Matrix> found(4);
  std::vector<std::thread> threads;
  for (Matrix& one : found) threads.emplace_back([&] { one = embed(texts); });
  for (std::thread& thread : threads) thread.join();
  for (const Matrix& one : found) expect_equal(one.data, wanted.data);
}

TEST(Chunks, OneSpanOfAllIsTheMeanWithoutSpecialTokens) {
  const BertSession plain = session("feature-extraction");
  const Embedder embed(plain);
  const std::string text = "the capital of Paris is in the city";
  const EncoderOutput output = plain.run(plain.tokenizer().encode(text));
  const TokenRows& rows = output.last_hidden_state();
  const auto mean = [&](std::size_t begin, std::size_t end) {
    std::vector<float> sum(32);
    for (std::size_t token = begin; token < end; ++token) {
      for (std::size_t i = 0; i < 32; ++i) sum[i] += rows.row(0, token)[i] / static_cast<float>(end - begin);
    }
    return sum;
  };
  const std::vector<Offset> spans = {{0, 35}, {0, 11}, {4, 5}};
  const Matrix found = embed.chunks(text, spans);
  ASSERT_EQ(found.rows, 3U);
  expect_equal(found.row(0), mean(1, rows.sequence(0) - 1));
  expect_equal(found.row(1), mean(1, 3));
  expect_equal(found.row(2), mean(2, 3));
  EXPECT_EQ(thrown_by([&] { embed.chunks(text, std::vector<Offset>{{0, 36}}); }).code(), ErrorCode::invalid_argument);
}

TEST(Chunks, ALongTextIsReadInWindows) {
  const Embedder embed(session("sentence-cls"));
  std::string text;
  std::vector<Offset> spans;
  for (int i = 0; i < 60; ++i) {
    const auto begin = static_cast<std::uint32_t>(text.size());
    text += i % 2 == 0 ? "the king " : "river city ";
    spans.push_back({begin, static_cast<std::uint32_t>(text.size())});
  }
  const Matrix found = embed.chunks(text, spans);
  ASSERT_EQ(found.rows, 60U);
  for (std::size_t i = 0; i < 60; ++i) {
    float size = 0;
    for (const float value : found.row(i)) size += value * value;
    EXPECT_GT(size, 0.1F) << i;  // every span has its tokens
  }
  const Matrix normal = embed.chunks(text, spans, {.normalize = true});
  EXPECT_NEAR(similarity(normal.row(0), normal.row(0), Similarity::dot), 1, 1e-5);
}

TEST(Tasks, AFolderMayBeGivenByItsConfig) {
  const std::string text = "the river";
  const Embedder embed(BertSession::load(golden("sentence-cls+mean") / "config.json"));
  EXPECT_EQ(embed(text), Embedder(session("sentence-cls+mean"))(text));
}

TEST(Tasks, AModelThatDoesSomethingElseIsRefusedWithWhatItHas) {
  const auto message = [](auto make) { return std::string(thrown_by(make).what()); };
  EXPECT_THAT(message([] { Embedder(session("splade")); }), HasSubstr("SpladePooling"));
  EXPECT_THAT(message([] { Embedder(session("colbert")); }), HasSubstr("MultiVectorMask"));
  EXPECT_THAT(message([] { SparseEmbedder(session("sentence-mean")); }), HasSubstr("heads: none"));
  EXPECT_THAT(message([] { MultiVectorEmbedder(session("sentence-mean")); }), HasSubstr("Pooling"));
  EXPECT_THAT(message([] { MultiVectorEmbedder(session("feature-extraction")); }), HasSubstr("heads: none"));
  EXPECT_THAT(message([] { SparseEmbedder(BertSession::load(trace("bert_tuple.pt"))); }), HasSubstr("hidden_state"));
  EXPECT_EQ(thrown_by([] {
              Embedder::load(golden("neighbour-static")).chunks("a", std::vector<Offset>{{0, 1}});
            }).code(),
            ErrorCode::unsupported);
}

// No engine runs a table: what only an engine could do is not passed over.
TEST(Tasks, TablesRefuseWhatOnlyAnEngineCouldDo) {
  const auto refused = [](const SessionOptions& options) {
    EXPECT_THROW(Embedder::load(golden("neighbour-static"), options), Error);
    EXPECT_THROW(SparseEmbedder::load(golden("neighbour-idf"), options), Error);
  };
  refused({.engine = EngineKind::graph});
  refused({.engine = EngineKind::torchscript, .trust = Trust::data_only});
  refused({.threads = 5000});
  refused({.packed = {.dtype = DType::int8}});
  refused({.torchscript = {.device = "cuda:7"}});
  refused({.tokenizer = "/nonexistent"});
  const Embedder own = Embedder::load(golden("neighbour-static"));
  const Embedder named =
      Embedder::load(golden("neighbour-static"), {.tokenizer = golden("neighbour-static") / "tokenizer.json"});
  EXPECT_EQ(own("what is this"), named("what is this"));
}

TEST(Tasks, AnyPoolingCanBeAskedOfAModelWithOtherModules) {
  const Embedder embed(session("colbert"), {.pooling = {Pooling::mean}});
  EXPECT_EQ(embed.info().dimensions, 32U);
  EXPECT_THAT(embed.info().pooling_why, HasSubstr("not used"));
}

// A source that has said "end" may be gone: a socket, an iterator behind its last.
TEST(Stream, DoesNotAskAgainBehindTheEnd) {
  const auto expect_once = [](std::size_t texts, const auto& stream) {
    std::size_t at = 0;
    std::size_t ends = 0;
    const std::function<std::optional<std::string>()> next = [&]() -> std::optional<std::string> {
      if (at++ < texts) return "a";
      ++ends;
      return std::nullopt;
    };
    EXPECT_EQ(stream(next), texts);
    EXPECT_EQ(ends, 1U) << texts;
  };
  const Embedder embed(session("sentence-mean"));
  const SparseEmbedder sparse(session("splade"));
  const MultiVectorEmbedder many(session("colbert"));
  const HybridEmbedder hybrid(session("neighbour-hybrid"));
  for (const std::size_t texts : {0U, 1U, 3U}) {
    expect_once(texts, [&](const auto& next) { return embed.stream(next, [](std::span<const float>) {}); });
    expect_once(texts, [&](const auto& next) { return sparse.stream(next, [](const SparseVector&) {}); });
    expect_once(texts, [&](const auto& next) { return many.stream(TextRole::query, next, [](const Matrix&) {}); });
    expect_once(texts, [&](const auto& next) { return hybrid.stream(next, [](const HybridVectors&) {}); });
  }
  // A share that is full to the last text ends without having been told so.
  const Embedder table = Embedder::load(golden("neighbour-static"));
  for (const std::size_t texts : {2047U, 2048U, 2049U}) {
    expect_once(texts, [&](const auto& next) { return table.stream(next, [](std::span<const float>) {}); });
  }
}

TEST(Stream, NeedsBothFunctions) {
  const std::function<std::optional<std::string>()> next = [] { return std::nullopt; };
  const auto expect_refused = [&](const auto& stream) {
    EXPECT_THAT(thrown_by([&] { stream(nullptr, false); }).what(), HasSubstr("an empty next"));
    EXPECT_THAT(thrown_by([&] { stream(next, true); }).what(), HasSubstr("an empty each"));
  };
  const Embedder embed(session("sentence-mean"));
  const SparseEmbedder sparse(session("splade"));
  const MultiVectorEmbedder many(session("colbert"));
  const HybridEmbedder hybrid(session("neighbour-hybrid"));
  expect_refused([&](const auto& from, bool none) {
    std::function<void(std::span<const float>)> each;
    if (!none) each = [](std::span<const float>) {};
    embed.stream(from, each);
  });
  expect_refused([&](const auto& from, bool none) {
    std::function<void(SparseVector)> each;
    if (!none) each = [](const SparseVector&) {};
    sparse.stream(from, each);
  });
  expect_refused([&](const auto& from, bool none) {
    std::function<void(Matrix)> each;
    if (!none) each = [](const Matrix&) {};
    many.stream(TextRole::document, from, each);
  });
  expect_refused([&](const auto& from, bool none) {
    std::function<void(HybridVectors)> each;
    if (!none) each = [](const HybridVectors&) {};
    hybrid.stream(from, each);
  });
}

TEST(SparseEmbedder, AMaskedLanguageModelAloneIsPooledAsUsualAndSaysSo) {
  const SparseEmbedder embed(BertSession::load(fs::path(BERTRT_MODELS) / "demo.pt"));
  EXPECT_THAT(embed.pooling_why(), HasSubstr("log1p(relu(x))"));
  const SparseVector vector = embed("Paris is the capital of France.", {.max_active = 5});
  EXPECT_EQ(vector.indices.size(), 5U);
  EXPECT_EQ(embed.decode(vector, 2).size(), 2U);
}

TEST(SparseEmbedder, DecodesNoVectorThatIsNone) {
  const SparseEmbedder embed(session("splade"));
  const auto columns = static_cast<std::int32_t>(embed.vocabulary());
  EXPECT_EQ(embed.decode({{0, columns - 1}, {1, 2}}).size(), 2U);
  for (const SparseVector& wrong :
       {SparseVector{{-1}, {1}}, SparseVector{{columns}, {1}}, SparseVector{{1}, {1, 2}}, SparseVector{{1, 2}, {1}}}) {
    EXPECT_EQ(thrown_by([&] { embed.decode(wrong); }).code(), ErrorCode::invalid_argument);
  }
}

TEST(Embedders, ValuesThatNoEnumNamesAreRefused) {
  const BertSession plain = session("splade");
  Error error = thrown_by([&] { Embedder(plain, {.pooling = {Pooling::cls, static_cast<Pooling>(99)}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("EmbedderOptions::pooling"));
  EXPECT_THAT(error.what(), HasSubstr("the value 99"));
  for (const auto least : {static_cast<Evidence>(9), static_cast<Evidence>(-1)}) {
    error = thrown_by([&] { SparseEmbedder(plain, {.least = least}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  }
  const MultiVectorEmbedder many(session("colbert"));
  error = thrown_by([&] { many({"one"}, static_cast<TextRole>(7)); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("query, document"));
}

// Two views, two strings and two pointers alike; one text is one still.
TEST(MultiVectorEmbedder, BracesAroundTextsMeanSeveral) {
  const MultiVectorEmbedder embed(session("colbert"));
  const std::string one = "the king";
  const char* two = "a river in the city";
  const auto expect_both = [&](const std::vector<Matrix>& found, const Matrix& first, const Matrix& second) {
    ASSERT_EQ(found.size(), 2U);
    expect_equal(found[0].data, first.data);
    expect_equal(found[1].data, second.data);
  };
  expect_both(embed.query({one, std::string(two)}), embed.query(one), embed.query(two));
  expect_both(embed.query({one.c_str(), two}, {.normalize = true}), embed.query(one, {.normalize = true}),
              embed.query(two, {.normalize = true}));
  expect_both(embed.document({"the king", two}), embed.document(one), embed.document(two));
  expect_both(embed({"the king", two}, TextRole::document), embed.document(one), embed.document(two));
  EXPECT_EQ(embed.query({"the king"}).size(), 1U);
}

TEST(SparseEmbedder, SaysWhoseItsPoolingIs) {
  EXPECT_EQ(SparseEmbedder(session("splade")).pooling_why(), "the model's own");
}

/// A golden folder whose tokenizer has one token more than the model has rows.
class OneTokenMore {
 public:
  explicit OneTokenMore(const std::string& name)
      : path_(fs::temp_directory_path() / ("bertrt_more_" + std::to_string(std::random_device()()) + name)) {
    fs::copy(golden(name), path_, fs::copy_options::recursive);
    std::ifstream file(path_ / "tokenizer.json");
    nlohmann::json tokenizer = nlohmann::json::parse(file);
    nlohmann::json token = tokenizer["added_tokens"].back();
    token["id"] = tokenizer["model"]["vocab"].size();
    token["content"] = "<extra>";
    tokenizer["added_tokens"].push_back(token);
    fs::remove(path_ / "tokenizer.json");
    std::ofstream(path_ / "tokenizer.json") << tokenizer.dump();
  }
  ~OneTokenMore() { fs::remove_all(path_); }
  OneTokenMore(const OneTokenMore&) = delete;
  OneTokenMore& operator=(const OneTokenMore&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// As in Python, every text without it has its answer.
TEST(Tasks, AnAddedTokenWithoutARowIsInTheWayOfItsOwnTextsAlone) {
  const OneTokenMore folder("neighbour-splade");
  const BertSession more = BertSession::load(folder.path());
  const SparseEmbedder sparse(more);
  EXPECT_EQ(sparse("the sea"), SparseEmbedder(session("neighbour-splade"))("the sea"));
  EXPECT_EQ(thrown_by([&] { sparse("the <extra> sea"); }).code(), ErrorCode::invalid_argument);
  const FillMask fill(more);
  EXPECT_EQ(fill("the [MASK]", {.top_k = 3}).at(0).predictions.size(), 3U);
  const Error error = thrown_by([&] { fill("the [MASK]", {.targets = {"sea", "<extra>"}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("<extra>"));
}

TEST(Tasks, ATablesTokenizerMayHaveAnAddedTokenMore) {
  std::vector<std::string> warnings;
  set_warning_handler([&](std::string_view text) { warnings.emplace_back(text); });
  const OneTokenMore words("neighbour-static");
  const OneTokenMore weights("neighbour-idf");
  const Embedder embed = Embedder::load(words.path());
  const SparseEmbedder sparse = SparseEmbedder::load(weights.path());
  set_warning_handler(nullptr);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[0], HasSubstr("<extra>"));
  EXPECT_EQ(embed("the sea"), Embedder::load(golden("neighbour-static"))("the sea"));
  EXPECT_EQ(sparse("the sea"), SparseEmbedder::load(golden("neighbour-idf"))("the sea"));
  EXPECT_EQ(thrown_by([&] { embed("the <extra>"); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { sparse("the <extra>"); }).code(), ErrorCode::invalid_argument);
  // One with more words of its own is another model's.
  const Error error =
      thrown_by([] { Embedder::load(golden("neighbour-static"), {.tokenizer = golden("splade") / "tokenizer.json"}); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
}

// Python's vectors have the hidden states' columns then, not the vocabulary's.
TEST(SparseEmbedder, SpladePoolingBehindHiddenStatesIsRefused) {
  const fs::path copy = fs::temp_directory_path() / ("bertrt_splade" + std::to_string(std::random_device()()));
  fs::copy(golden("splade"), copy, fs::copy_options::recursive);
  fs::remove(copy / "modules.json");
  std::ofstream(copy / "modules.json")
      << R"([{"path":"","type":"sentence_transformers.models.Transformer"},)"
      << R"({"path":"1_SpladePooling","type":"sentence_transformers.sparse_encoder.models.SpladePooling"}])";
  EXPECT_NO_THROW(SparseEmbedder::load(copy));  // sentence_bert_config.json says fill-mask
  fs::remove(copy / "sentence_bert_config.json");
  EXPECT_THAT(thrown_by([&] { SparseEmbedder::load(copy); }).what(), HasSubstr("transformer_task"));
  fs::remove_all(copy);
}

TEST(SparseEmbedder, ATextWhoseLogitsDoNotFitIsReadInParts) {
  const SparseEmbedder embed(session("splade"));
  const std::string text = "the king lives in the new house near the river";
  const SparseVector whole = embed(text);
  const SparseVector parts = embed(text, {.batch_tokens = 3});
  EXPECT_EQ(parts.indices, whole.indices);
  expect_equal(parts.values, whole.values);
  EXPECT_TRUE(embed(std::vector<std::string>{}).empty());
}

}  // namespace
}  // namespace bertrt
