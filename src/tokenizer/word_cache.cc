#include "tokenizer/word_cache.h"

#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace bertrt::tokenizer {

namespace {

// Lines of 64 bytes of two words each, and of 128 bytes of one.
constexpr unsigned kLog2Near = 11;
constexpr unsigned kLog2MostNear = 16;
constexpr unsigned kLog2Far = 9;
constexpr unsigned kLog2MostFar = 16;

}  // namespace

WordCache::WordCache() : near_(kLog2Near, kLog2MostNear), far_(kLog2Far, kLog2MostFar) {}

WordCache::FarKey WordCache::far_key(std::string_view word, std::uint8_t kind) noexcept {
  FarKey far{};
  std::memcpy(far.key.data(), word.data(), word.size());
  far.key.back() |= key_mark(word.size(), kind);
  far.hash = key_hash(far.key);
  return far;
}

void WordCache::put_far(const FarKey& key, std::span<const std::int32_t> ids,
                        std::span<const Offset> offsets) noexcept {
  FarEntry& entry = far_.put(key.hash);
  entry.key = key.key;
  entry.count = static_cast<std::uint8_t>(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    entry.ids[i] = ids[i];
    entry.begin[i] = static_cast<std::uint8_t>(offsets[i].begin);
    entry.end[i] = static_cast<std::uint8_t>(offsets[i].end);
  }
}

void WordCache::put_near(const NearKey& key, std::span<const std::int32_t> ids,
                         std::span<const Offset> offsets) noexcept {
  NearEntry& entry = near_.put(key.hash);
  entry.key = key.key;
  entry.ids = {};
  entry.ranges = static_cast<std::uint32_t>(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    entry.ids[i] = ids[i];
    entry.ranges |= (offsets[i].begin | offsets[i].end << 4U) << (2U + 8U * i);
  }
}

class WordCaches::Shelf {
 public:
  Shelf() { caches_.reserve(kMost); }

  std::unique_ptr<WordCache> take() {
    const std::lock_guard lock(mutex_);
    if (caches_.empty()) return nullptr;
    std::unique_ptr<WordCache> cache = std::move(caches_.back());
    caches_.pop_back();
    return cache;
  }
  void put_back(std::unique_ptr<WordCache> cache) noexcept {
    const std::lock_guard lock(mutex_);
    if (caches_.size() < kMost) caches_.push_back(std::move(cache));
  }

 private:
  static constexpr std::size_t kMost = 16;

  std::mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> caches_;
};

namespace {

/// A cache in a thread's hands.
class Loan {
 public:
  Loan() = default;
  explicit Loan(const std::shared_ptr<WordCaches::Shelf>& shelf) : shelf_(shelf), cache_(shelf->take()) {
    if (cache_ == nullptr) cache_ = std::make_unique<WordCache>();
  }
  Loan(Loan&&) noexcept = default;
  Loan& operator=(Loan&& other) noexcept {
    std::swap(shelf_, other.shelf_);
    std::swap(cache_, other.cache_);
    return *this;
  }
  ~Loan() {
    if (cache_ == nullptr) return;
    // A model that is gone needs none.
    if (const auto shelf = shelf_.lock()) shelf->put_back(std::move(cache_));
  }

  bool is_of(const std::shared_ptr<WordCaches::Shelf>& shelf) const noexcept {
    return !shelf_.owner_before(shelf) && !shelf.owner_before(shelf_);
  }
  WordCache& cache() const noexcept { return *cache_; }

 private:
  std::weak_ptr<WordCaches::Shelf> shelf_;
  std::unique_ptr<WordCache> cache_;
};

}  // namespace

WordCaches::WordCaches() : shelf_(std::make_shared<Shelf>()) {}
WordCaches::~WordCaches() = default;

WordCache& WordCaches::mine() const {
  constexpr std::size_t kKept = 4;
  thread_local std::array<Loan, kKept> loans;
  std::size_t at = 0;
  while (at < kKept && !loans[at].is_of(shelf_)) ++at;
  if (at == kKept) loans[--at] = Loan(shelf_);
  // The one in use comes first, so the last is the one used longest ago.
  for (; at > 0; --at) std::swap(loans[at], loans[at - 1]);
  return loans[0].cache();
}

}  // namespace bertrt::tokenizer
