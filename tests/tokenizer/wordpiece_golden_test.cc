// Against what Hugging Face tokenizers 0.23.3 gave (tests/data/wordpiece/make_goldens.py).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <sstream>

#include "text/utf8.h"
#include "tokenizer/golden.h"

namespace bertrt {
namespace {

using nlohmann::json;
using ::testing::ElementsAreArray;

class Goldens {
 public:
  const Tokenizer& operator[](const std::string& name) {
    const auto found = loaded_.find(name);
    return found != loaded_.end() ? found->second
                                  : loaded_.emplace(name, testing::load_golden_tokenizer(name)).first->second;
  }

 private:
  std::map<std::string, Tokenizer> loaded_;
};

template <typename T>
std::string digits(const std::vector<T>& values) {
  std::string text;
  for (const T value : values) text += value < 0 ? "-" : std::to_string(value);
  return text;
}

std::vector<std::uint32_t> flat(const std::vector<Offset>& offsets) {
  std::vector<std::uint32_t> numbers;
  for (const Offset& offset : offsets) {
    numbers.push_back(offset.begin);
    numbers.push_back(offset.end);
  }
  return numbers;
}

void expect_equal(const Encoding& encoding, const json& expected) {
  EXPECT_THAT(encoding.input_ids, ElementsAreArray(expected["ids"].get<std::vector<std::int32_t>>()));
  EXPECT_THAT(flat(encoding.offsets), ElementsAreArray(expected["offsets"].get<std::vector<std::uint32_t>>()));
  if (!expected.contains("type_ids")) return;
  EXPECT_EQ(digits(encoding.token_type_ids), expected["type_ids"].get<std::string>());
  EXPECT_EQ(digits(encoding.attention_mask), expected["attention_mask"].get<std::string>());
  EXPECT_EQ(digits(encoding.special_tokens_mask), expected["special_tokens_mask"].get<std::string>());
  EXPECT_EQ(digits(encoding.sequence_ids), expected["sequence_ids"].get<std::string>());
  const json none = json::array();
  const json& overflowing = expected.contains("overflowing") ? expected["overflowing"] : none;
  ASSERT_EQ(encoding.overflowing.size(), overflowing.size());
  for (std::size_t i = 0; i < overflowing.size(); ++i) expect_equal(encoding.overflowing[i], overflowing[i]);
}

EncodeOptions options_of(const json& request) {
  EncodeOptions options;
  options.max_length = request.value("max_length", 0u);
  options.stride = request.value("stride", 0u);
  options.pad_to = request.value("pad_to", 0u);
  options.add_special_tokens = request.value("add_special_tokens", true);
  options.parse_special_tokens = request.value("parse_special_tokens", true);
  const auto truncation = request.value("truncation", "none");
  options.truncation = truncation == "longest_first" ? Truncation::longest_first
                       : truncation == "only_first"  ? Truncation::only_first
                       : truncation == "only_second" ? Truncation::only_second
                                                     : Truncation::none;
  return options;
}

TEST(WordPieceGolden, Cases) {
  Goldens goldens;
  const auto lines = testing::read_lines(testing::data_path("wordpiece/cases.jsonl"));
  ASSERT_GT(lines.size(), 1000u);
  for (const std::string& line : lines) {
    const json expected = json::parse(line);
    SCOPED_TRACE(line.substr(0, 200));
    const Tokenizer& tokenizer = goldens[expected["tokenizer"]];
    if (expected.contains("decode")) {
      const auto ids = expected["decode"].get<std::vector<std::int32_t>>();
      EXPECT_EQ(tokenizer.decode(ids, expected["skip_special_tokens"].get<bool>()),
                expected["expected"].get<std::string>());
      continue;
    }
    const std::string text = testing::from_hex(expected["text"]);
    const EncodeOptions options = options_of(expected);
    if (expected.contains("pair")) {
      const std::string pair = testing::from_hex(expected["pair"]);
      expect_equal(code_point_offsets(tokenizer.encode(text, pair, options), text, pair), expected);
    } else {
      expect_equal(code_point_offsets(tokenizer.encode(text, options), text), expected);
      std::vector<std::int32_t> ids;
      tokenizer.encode_ids(text, ids, options.parse_special_tokens);
      EncodeOptions plain = options;
      plain.add_special_tokens = false;
      plain.max_length = plain.pad_to = 0;
      EXPECT_EQ(ids, tokenizer.encode(text, plain).input_ids);
    }
  }
}

/// The golden file's checksum of 256 code points, alone, between letters and among marks.
std::uint32_t checksum(const Tokenizer& tokenizer, char32_t begin) {
  std::vector<unsigned char> bytes;
  const auto add = [&bytes](std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(number >> shift));
  };
  for (char32_t c = begin; c < begin + 256; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string character;
    text::append_utf8(c, character);
    for (const std::string& text : {character, "a" + character + "b", "a\u0323" + character + "\u0301"}) {
      const Encoding encoding =
          code_point_offsets(tokenizer.encode(text, EncodeOptions{.add_special_tokens = false}), text);
      add(static_cast<std::uint32_t>(encoding.size()));
      for (std::size_t i = 0; i < encoding.size(); ++i) {
        add(static_cast<std::uint32_t>(encoding.input_ids[i]));
        add(encoding.offsets[i].begin);
        add(encoding.offsets[i].end);
      }
    }
  }
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

TEST(WordPieceGolden, EveryCodePoint) {
  Goldens goldens;
  std::size_t blocks = 0;
  for (const std::string& line : testing::read_lines(testing::data_path("wordpiece/code_points.txt"))) {
    std::istringstream in(line);
    std::string name;
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint32_t expected = 0;
    in >> name >> std::hex >> begin >> std::dec >> count >> std::hex >> expected;
    blocks += count;
    for (std::uint32_t i = 0; i < count; ++i) {
      // A long run is a plane where nothing is assigned, or ideographs: its ends and samples of it are enough.
      if (i % 16 != 0 && i + 1 != count) continue;
      EXPECT_EQ(checksum(goldens[name], begin + 256 * i), expected)
          << name << ": U+" << std::hex << begin + 256 * i << " and the 255 behind it";
    }
  }
  EXPECT_EQ(blocks, 6u * 0x1100);
}

}  // namespace
}  // namespace bertrt
