#pragma once

#include <cstddef>
#include <string_view>

namespace bertrt::tokenizer {

/// Which of Hugging Face's two readers of JSON a number comes through. They round differently, and where two ways to
/// cut a word are equally good the last bit of a score decides.
enum class JsonReader {
  tokenizers,  ///< the tokenizers library takes the file (serde_json without float_roundtrip)
  python,      ///< transformers takes the file apart with Python's json, which rounds correctly, and builds the model
};

struct JsonNumber {
  double value = 0;
  std::size_t size = 0;  ///< its bytes; 0: there is no number, or it is beyond the largest double
};

/// The number that `text` begins with. tokenizers keeps the digits that fit 64 bits, makes a double of them and
/// multiplies or divides that by a power of ten: each step rounds, so that the last bits may differ from the nearest
/// double's.
JsonNumber read_json_number(std::string_view text, JsonReader reader);

}  // namespace bertrt::tokenizer
