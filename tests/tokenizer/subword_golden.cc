#include "tokenizer/subword_golden.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

using Pairs = std::vector<std::vector<std::uint32_t>>;

Pairs pairs_of(const std::vector<Offset>& offsets) {
  Pairs pairs;
  for (const Offset& offset : offsets) pairs.push_back({offset.begin, offset.end});
  return pairs;
}

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

void expect_one(const Tokenizer& tokenizer, const std::string& text, const json& expected) {
  SCOPED_TRACE(json(text).dump(-1, ' ', true, json::error_handler_t::replace));
  const Encoding encoding = tokenizer.encode(text, {.add_special_tokens = false});
  const auto ids = expected["ids"].get<std::vector<std::int32_t>>();
  EXPECT_EQ(encoding.input_ids, ids);
  EXPECT_EQ(pairs_of(encoding.offsets), expected["offsets"].get<Pairs>());
  std::vector<std::int32_t> plain;
  tokenizer.encode_ids(text, plain);
  EXPECT_EQ(plain, ids);
  if (expected.contains("decoded")) {
    EXPECT_EQ(tokenizer.decode(ids), expected["decoded"].get<std::string>());
  }
}

void expect_window(const Encoding& encoding, const json& expected) {
  EXPECT_EQ(encoding.input_ids, expected["ids"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(encoding.token_type_ids, expected["types"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(pairs_of(encoding.offsets), expected["offsets"].get<Pairs>());
  EXPECT_EQ(encoding.special_tokens_mask, expected["special"].get<std::vector<std::uint8_t>>());
  EXPECT_EQ(encoding.sequence_ids, expected["sequences"].get<std::vector<std::int8_t>>());
}

void expect_template(const Tokenizer& tokenizer, const json& expected) {
  SCOPED_TRACE(expected["truncation"].dump() + " to " + expected["max_length"].dump() + ", stride " +
               expected["stride"].dump() + ", pair " + expected["pair"].dump());
  EncodeOptions options;
  options.max_length = expected["max_length"].get<std::size_t>();
  options.stride = expected["stride"].get<std::size_t>();
  const auto strategy = expected["truncation"].get<std::string>();
  if (strategy == "longest_first") options.truncation = Truncation::longest_first;
  if (strategy == "only_first") options.truncation = Truncation::only_first;
  if (strategy == "only_second") options.truncation = Truncation::only_second;
  const auto text = expected["text"].get<std::string>();
  const Encoding encoding = expected["pair"].is_null()
                                ? tokenizer.encode(text, options)
                                : tokenizer.encode(text, expected["pair"].get<std::string>(), options);
  expect_window(encoding, expected);
  const json& overflowing = expected["overflowing"];
  ASSERT_EQ(encoding.overflowing.size(), overflowing.size());
  for (std::size_t i = 0; i < overflowing.size(); ++i) expect_window(encoding.overflowing[i], overflowing[i]);
}

/// CRC-32 as zlib has it, over little-endian numbers.
class Crc {
 public:
  void add(std::uint32_t number) {
    for (unsigned i = 0; i < 4; ++i) value_ = (value_ >> 8U) ^ kTable[(value_ ^ (number >> (8U * i))) & 0xFFU];
  }
  std::string hex() const {
    char text[9];
    std::snprintf(text, sizeof(text), "%08x", ~value_);
    return text;
  }

 private:
  static constexpr std::array<std::uint32_t, 256> kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      table[byte] = byte;
      for (unsigned bit = 0; bit < 8; ++bit) {
        table[byte] = (table[byte] >> 1U) ^ ((table[byte] & 1U) != 0 ? 0xEDB88320U : 0U);
      }
    }
    return table;
  }();

  std::uint32_t value_ = 0xFFFFFFFF;
};

/// One digest for each 256 code points. A wrong one tells where to look with Hugging Face at hand.
void expect_digests(const Tokenizer& tokenizer, const std::string& expected, bool inside) {
  for (char32_t page = 0; page < 0x110000; page += 256) {
    std::string words;
    for (char32_t c = page; c < page + 256; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      if (!words.empty()) words += ' ';
      if (inside) words += "ab";
      text::append_utf8(c, words);
      if (!inside) continue;
      words += "cd ";
      text::append_utf8(c, words);
      words += '1';
    }
    const Encoding encoding = tokenizer.encode(words, {.add_special_tokens = false});
    Crc crc;
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      crc.add(static_cast<std::uint32_t>(encoding.input_ids[i]));
      crc.add(encoding.offsets[i].begin);
      crc.add(encoding.offsets[i].end);
    }
    EXPECT_EQ(crc.hex(), expected.substr(page / 256 * 8, 8))
        << "a code point from U+" << std::hex << static_cast<std::uint32_t>(page) << (inside ? " in a word" : " alone");
  }
}

}  // namespace

std::string read_test_data(const std::string& path) {
  std::ifstream file(std::string(BERTRT_TEST_DATA) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void expect_golden(const Tokenizer& tokenizer, const std::string& path) {
  const json golden = json::parse(read_test_data(path));
  for (const json& one : golden["texts"]) expect_one(tokenizer, one["text"].get<std::string>(), one);
  for (const json& one : golden["invalid"]) expect_one(tokenizer, unhex(one["hex"].get<std::string>()), one);
  for (const json& one : golden["templates"]) expect_template(tokenizer, one);
  if (golden.contains("alone")) expect_digests(tokenizer, golden["alone"].get<std::string>(), false);
  if (golden.contains("inside")) expect_digests(tokenizer, golden["inside"].get<std::string>(), true);
}

}  // namespace bertrt::tokenizer
