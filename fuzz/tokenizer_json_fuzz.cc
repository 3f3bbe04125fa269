// Any bytes as a tokenizer.json: it loads and encodes, or an Error says why not. Checked: no crash, no exception but
// Error, ids below the vocabulary's size, offsets inside the text, and a decoder that takes what the encoder gave.
// Seeds: tests/data/tokenizer/combinations.json holds files of every stage (tokenizer_json_seeds.py writes them out).

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr std::string_view kTexts[] = {"", "Hello world, it's 3.14 caf\xC3\xA9s",
                                       "  [MASK]\t<s> \xE6\xBC\xA2\xE5\xAD\x97\n\n",
                                       "\xFF\xC3 e\xCC\x81\xCC\xA3 \xF0\x9F\x98\x80"};

void check(const bertrt::Tokenizer& tokenizer, std::string_view text) {
  const bertrt::Encoding encoding = tokenizer.encode(text, bertrt::EncodeOptions{.with_word_ids = true});
  require(encoding.offsets.size() == encoding.size() && encoding.word_ids.size() == encoding.size());
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    require(encoding.input_ids[i] >= 0);
    require(encoding.offsets[i].end <= text.size());
  }
  std::vector<std::int32_t> ids;
  tokenizer.encode_ids(text, ids);
  for (const std::int32_t id : ids) require(static_cast<std::size_t>(id) < tokenizer.vocab_size());
  tokenizer.decode(ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bertrt::Tokenizer::File file{"tokenizer.json", {reinterpret_cast<const char*>(data), size}};
  try {
    const bertrt::Tokenizer tokenizer = bertrt::Tokenizer::from_files({&file, 1});
    for (const std::string_view text : kTexts) {
      try {
        check(tokenizer, text);
        tokenizer.encode(
            text, kTexts[1],
            bertrt::EncodeOptions{.max_length = 12, .truncation = bertrt::Truncation::longest_first, .stride = 1});
      } catch (const bertrt::Error&) {
        // A text that this tokenizer cannot take, limits that do not fit: the right answer.
      }
    }
  } catch (const bertrt::Error&) {
    // No tokenizer: as above.
  }
  return 0;
}
