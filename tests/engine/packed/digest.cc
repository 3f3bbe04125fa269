// Prints a digest of each model's last hidden states in int8, bit for bit: packed_digest MODEL…
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <span>
#include <vector>

#include "batch/batch.h"
#include "engine/packed/make_engine.h"
#include "model/model_file.h"

namespace {

// FNV-1a.
std::uint64_t digest(std::span<const float> values) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001B3U;
  }
  return hash;
}

std::uint64_t digest_of(const char* path) {
  using namespace bertrt;
  const auto engine = engine::packed::make_packed_engine(model::ModelFile::open(path), {.dtype = DType::int8});
  std::mt19937 random(3);
  std::vector<Encoding> texts(9);
  for (Encoding& text : texts) {
    // Longer ones attend in bf16 where a processor multiplies that (kernels/ops/narrow_attention.h).
    for (std::size_t left = 1 + random() % 47; left > 0; --left) {
      text.input_ids.push_back(static_cast<std::int32_t>(5 + random() % 60));
    }
  }
  const EncoderOutput output = engine->run(batch::make_batch(texts, {}), {});
  // Not the logits: heads multiply in fp32.
  return digest(output.last_hidden_state().data());
}

}  // namespace

int main(int count, char** arguments) {
  try {
    for (int i = 1; i < count; ++i) std::printf("%016llx\n", static_cast<unsigned long long>(digest_of(arguments[i])));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
