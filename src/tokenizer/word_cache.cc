#include "tokenizer/word_cache.h"

#include <atomic>
#include <utility>

namespace bertrt::tokenizer {
namespace {

constexpr std::size_t kKept = 4;

struct Kept {
  std::uint64_t owner = 0;
  std::unique_ptr<WordCache> cache;
};

}  // namespace

std::uint64_t next_cache_owner() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

WordCache& cache_of(std::uint64_t owner) {
  thread_local std::array<Kept, kKept> kept;
  std::size_t at = 0;
  while (at < kKept && kept[at].owner != owner) ++at;
  if (at == kKept) {
    --at;
    kept[at].owner = owner;
    kept[at].cache = std::make_unique<WordCache>();
  }
  // The one in use comes first, so the last is the one used longest ago.
  for (; at > 0; --at) std::swap(kept[at], kept[at - 1]);
  return *kept[0].cache;
}

}  // namespace bertrt::tokenizer
