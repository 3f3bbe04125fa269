#include "tokenizer/word_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/key_table.h"
#include "tokenizer/piece_output.h"
#include "tokenizer/text_words.h"

namespace bertrt::tokenizer {
namespace {

struct Entry {
  std::array<std::uint64_t, 2> key;
  std::uint64_t value;
};
using Table = KeyTable<Entry, 2, 2>;

void put(Table& table, std::uint64_t i) {
  const Table::Key key{i * i, i + 1};
  Entry& entry = table.put(key_hash(key));
  entry.key = key;
  entry.value = i;
}

const Entry* find(const Table& table, std::uint64_t i) {
  const Table::Key key{i * i, i + 1};
  return table.find(key, key_hash(key));
}

TEST(KeyTable, FindsWhatWasPutWhileItGrows) {
  Table table(2, 14);
  EXPECT_EQ(find(table, 0), nullptr);
  std::size_t lost = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    put(table, i);
    const Entry* entry = find(table, i);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->value, i);
  }
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Entry* entry = find(table, i);
    if (entry == nullptr) {
      ++lost;
    } else {
      EXPECT_EQ(entry->value, i);
    }
  }
  EXPECT_LT(lost, 200U);  // where four places were not enough
  EXPECT_EQ(find(table, 4000), nullptr);
}

TEST(KeyTable, TakesOldPlacesAtItsBound) {
  Table table(2, 3);  // 16 places
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    put(table, i);
    ASSERT_NE(find(table, i), nullptr);
  }
  for (std::uint64_t i = 0; i < 1000; ++i) kept += find(table, i) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, 16U);
}

/// What stands for a model: one token a byte in words of an even length, one of all of it in the others.
void make_pieces(std::string_view word, std::uint8_t kind, Pieces& pieces) {
  const auto size = static_cast<std::uint32_t>(word.size());
  const std::uint32_t step = size % 2 == 0 ? 1 : size;
  for (std::uint32_t at = 0; at < size; at += step) {
    std::uint32_t id = kind;
    for (const char c : word.substr(at, step)) id = id * 31 + static_cast<unsigned char>(c);
    pieces.ids.push_back(static_cast<std::int32_t>(id));
    pieces.offsets.push_back({at, at + step});
  }
}

/// A text of words whose lengths go to `longest`, so many different ones that no table holds them all.
std::string made_text(TextWords& words, std::uint32_t& random, std::size_t longest, std::uint32_t different) {
  std::string text;
  words.clear();
  for (std::size_t i = 0; i < 500; ++i) {
    random = random * 1664525U + 1013904223U;
    std::uint32_t number = (random >> 8U) % different;
    const std::size_t length = 1 + number % longest;
    const std::size_t begin = text.size();
    for (std::size_t k = 0; k < length; ++k, number = number * 22695477U + 1U) {
      text.push_back(static_cast<char>('a' + (number >> 16U) % 26));
    }
    words.add(begin, text.size(), static_cast<std::uint8_t>(length % 3 == 0 ? 1 : 0));
  }
  return text;
}

TEST(WordCache, GivesWhatTheModelGives) {
  WordCache cache;
  std::uint32_t random = 1;
  TextWords words;
  std::size_t made = 0;
  std::size_t asked = 0;
  for (std::size_t turn = 0; turn < 1200; ++turn) {
    const std::string text = made_text(words, random, turn < 200 ? 14 : 60, turn < 200 ? 3000 : 4000000);
    Pieces expected;
    for (std::size_t i = 0; i < words.size(); ++i) {
      Pieces word;
      make_pieces(std::string_view(text).substr(words[i].begin, words[i].size), words[i].kind, word);
      for (std::size_t k = 0; k < word.ids.size(); ++k) {
        expected.ids.push_back(word.ids[k]);
        expected.offsets.push_back({words[i].begin + word.offsets[k].begin, words[i].begin + word.offsets[k].end});
      }
    }
    Pieces scratch;
    Pieces pieces;
    std::vector<std::int32_t> ids;
    const auto make = [&](std::string_view word, std::uint8_t kind, Pieces& out) {
      ++made;
      make_pieces(word, kind, out);
      return true;
    };
    {
      PieceOutput output(pieces, 8);
      ASSERT_TRUE(cache.encode_words(text, 0, words, scratch, output, make));
      IdOutput id_output(ids, 8);
      ASSERT_TRUE(cache.encode_words(text, 0, words, scratch, id_output, make));
    }
    ASSERT_EQ(pieces.ids, expected.ids);
    ASSERT_EQ(ids, expected.ids);
    ASSERT_EQ(pieces.offsets.size(), expected.offsets.size());
    for (std::size_t i = 0; i < pieces.offsets.size(); ++i) {
      ASSERT_EQ(pieces.offsets[i].begin, expected.offsets[i].begin);
      ASSERT_EQ(pieces.offsets[i].end, expected.offsets[i].end);
    }
    asked += 2 * words.size();
    if (turn == 199) {
      EXPECT_LT(made, asked / 2);
    }
  }
  EXPECT_GT(made, 131072U);  // more than it can hold
}

TEST(WordCache, SaysWhenTheModelGivesUp) {
  WordCache cache;
  Pieces scratch;
  Pieces pieces;
  PieceOutput output(pieces, 8);
  const auto give_up = [](std::string_view, Pieces&) { return false; };
  EXPECT_FALSE(cache.encode("word", 0, scratch, output, give_up));
  EXPECT_FALSE(cache.encode("word", 0, scratch, output, give_up));  // it is not remembered as a word of no tokens
}

/// A value that counts how often one is made.
struct Counted {
  Counted() { ++made; }
  explicit Counted(int) {}
  static inline std::size_t made = 0;
};

// A word of more tokens than were expected makes room for its own, not for the text's that stand before it.
TEST(Appender, ItsWorkGoesWithWhatItAppends) {
  constexpr std::size_t kWords = 2000;
  constexpr std::size_t kTokens = 100;
  std::vector<Counted> values;
  Counted::made = 0;
  for (std::size_t word = 0; word < kWords; ++word) {
    Appender<Counted> appender(values, kTokens / 3);
    for (std::size_t i = 0; i < kTokens; ++i) appender.put(Counted(0));
  }
  EXPECT_EQ(values.size(), kWords * kTokens);
  EXPECT_LT(Counted::made, 3 * kWords * kTokens);
}

TEST(Appender, KeepsWhatStoodThere) {
  std::vector<std::int32_t> values;
  std::vector<std::int32_t> expected;
  for (std::int32_t size = 0; size < 300; size += 7) {
    Appender<std::int32_t> appender(values, static_cast<std::size_t>(size % 5));
    for (std::int32_t i = 0; i < size; ++i) {
      const std::array<std::int32_t, 3> some{size + i, -i, 1};
      const auto count = static_cast<std::size_t>(i % 4);
      appender.put(i);
      appender.put_some<3>(some.data(), count);
      expected.push_back(i);
      expected.insert(expected.end(), some.begin(), some.begin() + count);
    }
    const std::size_t mark = appender.used();
    for (std::int32_t i = 0; i < size; ++i) appender.put(i);
    appender.rewind(mark);
  }
  EXPECT_EQ(values, expected);
}

}  // namespace
}  // namespace bertrt::tokenizer
