#include "archive/content_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace bertrt::archive {
namespace {

std::string hash_of(const std::vector<unsigned char>& bytes) { return content_hash(std::as_bytes(std::span(bytes))); }

std::vector<unsigned char> counting(std::size_t size) {
  std::vector<unsigned char> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 7 + i / 251);
  return bytes;
}

TEST(ContentHash, IsTheSameForTheSameBytesAndFitsAFileName) {
  const std::string hash = hash_of(counting(1000));
  EXPECT_EQ(hash, hash_of(counting(1000)));
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
}

// Kept proofs would be void with another value, on this machine or another. The values are those of Python's hashlib,
// put together as the header says.
TEST(ContentHash, NeverChanges) {
  EXPECT_EQ(hash_of({}), "7790d25e5e6a36701c38de85d611d2e5292cac57fdc173a803435596a039b50d");
  EXPECT_EQ(hash_of(counting(1000)), "bb689ba933497a8e5cc177dcb43837391fc5811bed45e032c8be084fdf2c3971");
  EXPECT_EQ(hash_of(counting(3 * (std::size_t{1} << 20) + 5)),
            "fff29fbbea05f9fd5764e65716e83aa156ec63e1612f08dd9559cdd538772c8b");
}

TEST(ContentHash, SeesEveryBitAndEveryLength) {
  std::set<std::string> seen;
  std::size_t count = 0;
  for (std::size_t size = 0; size < 200; ++size, ++count) seen.insert(hash_of(std::vector<unsigned char>(size)));
  std::vector<unsigned char> bytes = counting(150);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit, ++count) {
    bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
    seen.insert(hash_of(bytes));
    bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(ContentHash, SeesWhichBlockIsWhere) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  std::vector<unsigned char> one(20 * kBlock);  // enough for more than one thread
  std::vector<unsigned char> two = one;
  one[3 * kBlock + 5] = 1;
  two[4 * kBlock + 5] = 1;
  EXPECT_NE(hash_of(one), hash_of(two));
  EXPECT_EQ(hash_of(one), hash_of(std::vector<unsigned char>(one)));
}

}  // namespace
}  // namespace bertrt::archive
