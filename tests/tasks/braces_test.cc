// What several texts in braces mean to each class: {"one", "two"} must never be a view between two pointers.
// The compiler is the test.
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/bertrt.h"

namespace bertrt {
namespace {

using Strings = std::vector<std::string>;
using Offsets = std::vector<Offset>;
using Ids = std::vector<std::int32_t>;

// A call with one text, and the same with texts in braces of each kind.
// clang-format off
template <typename T>
concept Calls = requires(const T& task) { task({"one", "two"}); };
template <typename T>
concept CallsWithPairBehind = requires(const T& task) { task({"one", "two"}, "pair"); };
template <typename T>
concept CallsWithPairInFront = requires(const T& task) { task("text", {"one", "two"}); };
template <typename T>
concept CallsWithOptions = requires(const T& task) { task("text", {"one", "two"}, {}); };
template <typename T>
concept CallsWithTwoLists = requires(const T& task) { task({"one", "two"}, {"one", "two"}); };
template <typename T>
concept Ranks = requires(const T& task, const Strings& documents) { task.rank({"one", "two"}, documents); };
template <typename T>
concept RanksLists = requires(const T& task) { task.rank({"one", "two"}, {"one", "two"}); };
template <typename T>
concept Chooses = requires(const T& task, const Strings& choices) { task({"one", "two"}, choices); };
template <typename T>
concept Chunks = requires(const T& task, const Offsets& spans) { task.chunks({"one", "two"}, spans); };
template <typename T>
concept Splits = requires { T::split_labels({"one", "two"}); };
template <typename T>
concept Encodes = requires(const T& tokenizer) { tokenizer.encode({"one", "two"}); };
template <typename T>
concept EncodesPairs = requires(const T& tokenizer) { tokenizer.encode({"one", "two"}, "pair"); };
template <typename T>
concept EncodesPairsByOptions = requires(const T& tokenizer) { tokenizer.encode({"one", "two"}, "pair", {}); };
template <typename T>
concept EncodesPairsOf = requires(const T& tokenizer) { tokenizer.encode("text", {"one", "two"}, {}); };
template <typename T>
concept EncodesIds = requires(const T& tokenizer, Ids& ids) { tokenizer.encode_ids({"one", "two"}, ids); };
template <typename T>
concept LooksUp = requires(const T& tokenizer) { tokenizer.token_to_id({"one", "two"}); };
template <typename T>
concept Counts = requires(const T& encoding) { code_point_offsets(encoding, {"one", "two"}); };
template <typename T>
concept CountsPairs = requires(const T& encoding) { code_point_offsets(encoding, "text", {"one", "two"}); };
template <typename T>
concept Parses = requires { parse<T>({"one", "two"}); };
// clang-format on

// Several texts, where a list of answers makes sense.
static_assert(Calls<Classifier> && Calls<Embedder> && Calls<SparseEmbedder> && Calls<HybridEmbedder> &&
              Calls<TokenClassifier>);

// Nowhere else are they one.
static_assert(!Calls<FillMask> && !CallsWithPairBehind<FillMask> && !CallsWithPairInFront<FillMask>);
static_assert(!CallsWithPairBehind<NextSentence> && !CallsWithPairInFront<NextSentence> &&
              !CallsWithOptions<NextSentence> && !CallsWithTwoLists<NextSentence>);
static_assert(!CallsWithPairBehind<QuestionAnswering> && !CallsWithPairInFront<QuestionAnswering> &&
              !CallsWithOptions<QuestionAnswering> && !CallsWithTwoLists<QuestionAnswering>);
static_assert(!CallsWithPairBehind<Reranker> && !CallsWithPairInFront<Reranker> && !CallsWithOptions<Reranker> &&
              !CallsWithTwoLists<Reranker>);
static_assert(!Ranks<Reranker> && !RanksLists<Reranker> && !Chooses<MultipleChoice> &&
              !CallsWithTwoLists<MultipleChoice>);
static_assert(!Chunks<Embedder> && !Splits<ZeroShot>);
static_assert(!Encodes<Tokenizer> && !EncodesPairs<Tokenizer> && !EncodesPairsByOptions<Tokenizer> &&
              !EncodesPairsOf<Tokenizer> && !EncodesIds<Tokenizer> && !LooksUp<Tokenizer>);
static_assert(!Counts<Encoding> && !CountsPairs<Encoding>);
static_assert(!Parses<Pooling> && !Parses<DType>);

// Pairs are said to be pairs: of {{"a", "b"}, {"c", "d"}} nobody can tell.
template <typename T>
concept CallsWithNested = requires(const T& task) {
  task({{"a", "b"}, {"c", "d"}});
};
static_assert(!CallsWithNested<Classifier>);

// What was meant goes on as it did.
template <typename T>
concept TakesOne = requires(const T& task, const std::string& text) {
  task(text, "two");
  task("one", text);
  task(std::string_view("one"), text, {});
};
static_assert(TakesOne<NextSentence> && TakesOne<QuestionAnswering> && TakesOne<Reranker> && TakesOne<FillMask>);

// One answer for each text.
template <typename T>
using Answers = decltype(std::declval<const T&>()({"one", "two"}));
template <typename T>
using Queries = decltype(std::declval<const T&>().query({"one", "two"}));
template <typename T>
using Documents = decltype(std::declval<const T&>().document({"one", "two"}));
static_assert(std::same_as<Answers<Classifier>, std::vector<std::vector<LabelScore>>>);
static_assert(std::same_as<Queries<MultiVectorEmbedder>, std::vector<Matrix>>);
static_assert(std::same_as<Documents<MultiVectorEmbedder>, std::vector<Matrix>>);

}  // namespace
}  // namespace bertrt
