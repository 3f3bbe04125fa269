#include "archive/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bertrt::archive {
namespace {

std::string hex(const Sha256Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// The examples that NIST publishes beside FIPS 180-4, by whatever the processor has and by plain C++.
TEST(Sha256, GivesThePublishedDigests) {
  const std::pair<std::string, const char*> known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& [text, digest] : known) {
    EXPECT_EQ(hex(sha256(bytes_of(text))), digest) << text.size();
    EXPECT_EQ(hex(sha256_portable(bytes_of(text))), digest) << text.size();
  }
}

// Every way in which the end can fall into its block.
TEST(Sha256, BothWaysAgreeAtEveryLength) {
  std::string text;
  for (std::size_t size = 0; size < 300; ++size) {
    EXPECT_EQ(sha256(bytes_of(text)), sha256_portable(bytes_of(text))) << size;
    text += static_cast<char>(size * 37 + 11);
  }
}

}  // namespace
}  // namespace bertrt::archive
