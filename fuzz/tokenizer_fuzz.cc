// Any bytes through the tokenizers. The first bytes choose the tokenizer and the options, the rest is the text (and,
// behind the first line end, its pair). Checked: no crash and no exception but Error; offsets inside the text, on the
// borders of code points and never going back, in every window; ids below the vocabulary's size; each family's fast way
// equal to its plain twin; truncated windows that together give all tokens, of one text and of a pair.
//
// BERTRT_FUZZ_TOKENIZER=PATH in the environment fuzzes that tokenizer instead, of any family: with a twin where it is a
// folder with vocab.json and merges.txt or an ALBERT's spiece.model.

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "bertrt/error.h"
#include "tokenizer/bpe_twin.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/unigram_twin.h"
#include "tokenizer/wordpiece_twin.h"

namespace {

using bertrt::EncodeOptions;
using bertrt::Encoding;
using bertrt::Tokenizer;
using bertrt::testing::data_path;
using bertrt::tokenizer::Pieces;
using bertrt::tokenizer::SubwordModel;

struct Subject {
  Tokenizer tokenizer;
  std::shared_ptr<const SubwordModel> model = nullptr;     // the family alone, what the twin is compared with
  std::function<Pieces(std::string_view)> twin = nullptr;  // none: not compared
};

std::shared_ptr<const SubwordModel> load_model(const std::string& path) {
  return bertrt::tokenizer::load_tokenizer(bertrt::tokenizer::TokenizerFiles::read(path)).model;
}

template <typename Twin>
std::function<Pieces(std::string_view)> calls(std::shared_ptr<Twin> twin) {
  return [twin](std::string_view text) { return twin->encode(text); };
}

Subject load_subject(const std::string& path) {
  Subject subject{Tokenizer::load(path)};
  const bool is_file = std::ifstream(path + "/merges.txt").fail();
  if (!is_file) {
    subject.model = load_model(path);
    subject.twin = calls(std::make_shared<bertrt::testing::BpeTwin>(path));
  } else if (path.ends_with("spiece.model")) {
    subject.model = load_model(path);
    subject.twin = calls(std::make_shared<bertrt::testing::UnigramTwin>(path, 1, *subject.model));
  }
  return subject;
}

std::vector<Subject> load_subjects() {
  std::vector<Subject> subjects;
  if (const char* path = std::getenv("BERTRT_FUZZ_TOKENIZER")) {
    subjects.push_back(load_subject(path));
    return subjects;
  }
  for (const char* name : bertrt::testing::kTwins) {
    Subject subject{bertrt::testing::load_golden_tokenizer(name)};
    subject.twin = calls(std::make_shared<bertrt::testing::WordPieceTwin>(bertrt::testing::load_twin(name)));
    subjects.push_back(std::move(subject));
  }
  subjects.push_back({bertrt::testing::load_golden_tokenizer("added")});
  subjects.push_back(load_subject(data_path("bpe/roberta")));
  subjects.push_back(load_subject(data_path("bpe/deberta")));
  subjects.push_back(load_subject(data_path("unigram/albert/spiece.model")));
  for (const char* path : {"bpe/json_dropped", "bpe/json_fused", "unigram/xlm_roberta", "unigram/json_first"}) {
    subjects.push_back({Tokenizer::load(data_path(path))});
  }
  return subjects;
}

void require(bool condition) {
  if (!condition) std::abort();
}

/// Where code points begin, and the end.
std::vector<bool> borders_of(std::string_view text) {
  std::vector<bool> borders(text.size() + 1, false);
  for (std::size_t at = 0; at < text.size(); at += bertrt::text::decode_utf8(text, at).length) borders[at] = true;
  borders[text.size()] = true;
  return borders;
}

void check(const Encoding& encoding, const Tokenizer& tokenizer, const std::vector<bool> (&borders)[2]) {
  require(encoding.offsets.size() == encoding.size() && encoding.sequence_ids.size() == encoding.size());
  require(encoding.token_type_ids.size() == encoding.size() && encoding.attention_mask.size() == encoding.size());
  std::uint32_t last[2] = {0, 0};
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    require(encoding.input_ids[i] >= 0 && static_cast<std::size_t>(encoding.input_ids[i]) < tokenizer.vocab_size());
    const int sequence = encoding.sequence_ids[i];
    if (sequence < 0) continue;
    const auto [begin, end] = encoding.offsets[i];
    require(begin <= end && end < borders[sequence].size());
    require(borders[sequence][begin] && borders[sequence][end]);
    require(begin >= last[sequence]);
    last[sequence] = begin;
  }
}

/// The windows of one text, less what they share, give all of its tokens.
void check_cover(const Encoding& truncated, const std::vector<std::int32_t>& all, std::size_t stride) {
  std::vector<std::int32_t> joined;
  const auto add = [&](const Encoding& window, std::size_t skip) {
    for (std::size_t i = 0; i < window.size(); ++i) {
      if (window.sequence_ids[i] < 0) continue;
      if (skip > 0) {
        --skip;
      } else {
        joined.push_back(window.input_ids[i]);
      }
    }
  };
  add(truncated, 0);
  for (const Encoding& window : truncated.overflowing) add(window, joined.empty() ? 0 : stride);
  require(joined == all);
}

/// Every token of the pair, as it is without a limit, stands in some window.
void check_pair_cover(const Encoding& truncated, const Encoding& all) {
  using Token = std::tuple<int, std::int32_t, std::uint32_t>;
  std::set<Token> given;
  const auto add = [&](const Encoding& window) {
    for (std::size_t i = 0; i < window.size(); ++i) {
      given.emplace(window.sequence_ids[i], window.input_ids[i], window.offsets[i].end);
    }
  };
  add(truncated);
  for (const Encoding& window : truncated.overflowing) add(window);
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(given.contains({all.sequence_ids[i], all.input_ids[i], all.offsets[i].end}));
  }
}

/// The fast way with offsets, the one without, and the plain one.
void check_twin(const Subject& subject, std::string_view text, const Encoding& whole) {
  const Pieces expected = subject.twin(text);
  if (subject.model == nullptr) {  // WordPiece: nothing between the facade and the model changes plain text
    require(expected.ids == whole.input_ids && expected.offsets == whole.offsets);
    return;
  }
  Pieces pieces;
  subject.model->encode(text, {}, pieces);
  require(pieces.ids == expected.ids && pieces.offsets == expected.offsets);
  std::vector<std::int32_t> ids;
  subject.model->encode_ids(text, {}, ids);
  require(ids == expected.ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Subject> subjects = load_subjects();
  if (size < 3) return 0;
  const Subject& subject = subjects[data[0] % subjects.size()];
  const Tokenizer& tokenizer = subject.tokenizer;
  EncodeOptions options;
  options.max_length = data[1] % 32;
  options.stride = data[2] % 4;
  options.truncation = static_cast<bertrt::Truncation>(data[2] / 4 % 4);
  options.parse_special_tokens = data[1] & 32;
  options.pad_to = data[1] & 64 ? 16 : 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

  const EncodeOptions plain{.add_special_tokens = false, .parse_special_tokens = options.parse_special_tokens};
  const Encoding whole = tokenizer.encode(text, plain);
  const std::vector<bool> borders[2] = {borders_of(text), borders_of("")};
  check(whole, tokenizer, borders);
  std::vector<std::int32_t> ids;
  tokenizer.encode_ids(text, ids, options.parse_special_tokens);
  require(ids == whole.input_ids);
  tokenizer.decode(ids);
  bertrt::code_point_offsets(whole, text);
  if (subject.twin && (subject.model != nullptr || !options.parse_special_tokens)) check_twin(subject, text, whole);
  try {
    const Encoding truncated = tokenizer.encode(text, options);
    check(truncated, tokenizer, borders);
    for (const Encoding& window : truncated.overflowing) check(window, tokenizer, borders);
    check_cover(truncated, whole.input_ids, options.stride);
  } catch (const bertrt::Error&) {
    // Limits that do not fit: the right answer.
  }
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const std::string_view halves_of[2] = {text.substr(0, cut), text.substr(cut)};
  const std::vector<bool> halves[2] = {borders_of(halves_of[0]), borders_of(halves_of[1])};
  try {
    const Encoding pair = tokenizer.encode(halves_of[0], halves_of[1], options);
    check(pair, tokenizer, halves);
    for (const Encoding& window : pair.overflowing) check(window, tokenizer, halves);
    check_pair_cover(pair, tokenizer.encode(halves_of[0], halves_of[1], plain));
  } catch (const bertrt::Error&) {
    // As above.
  }
  return 0;
}
