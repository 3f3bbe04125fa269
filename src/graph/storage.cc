#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>

#include "bertrt/error.h"
#include "graph/tensor.h"

namespace bertrt::graph {

void MemoryMeter::take(std::size_t bytes) {
  const std::size_t live = live_ += bytes;
  if (budget_ != 0 && live > budget_) {
    live_ -= bytes;
    throw Error(ErrorCode::out_of_resources, "memory of the run",
                "at most " + std::to_string(budget_) + " bytes of memory budget", std::to_string(live) + " bytes");
  }
  std::size_t peak = peak_;
  while (live > peak && !peak_.compare_exchange_weak(peak, live)) {
  }
}

/// Somebody else's bytes, and what they become when they cannot be read as they are.
struct Storage::Lazy {
  ElementType stored = ElementType::float32;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> keep;
  mutable std::once_flag once;
  mutable std::vector<std::uint64_t> made;  // of words, so that it is aligned
  mutable const std::byte* ready = nullptr;

  bool halves() const { return stored == ElementType::float16 || stored == ElementType::bfloat16; }

  const std::byte* read(std::int64_t elements) const {
    std::call_once(once, [&] {
      const auto count = static_cast<std::size_t>(elements);
      const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % archive::element_size(stored) == 0;
      if (!halves() && aligned && !odd_booleans(count)) {
        ready = bytes.data();
        return;
      }
      const std::size_t width = halves() ? sizeof(float) : archive::element_size(stored);
      made.resize((count * width + 7) / 8);
      if (halves()) {
        const archive::TensorView flat{stored, {elements}, {1}, 0, bytes, ""};
        archive::to_float32(flat, std::span<float>(reinterpret_cast<float*>(made.data()), count));
      } else if (count != 0) {
        std::memcpy(made.data(), bytes.data(), count * width);
        if (stored == ElementType::boolean) {
          auto* flags = reinterpret_cast<std::uint8_t*>(made.data());
          for (std::size_t i = 0; i < count; ++i) flags[i] = flags[i] != 0 ? 1 : 0;
        }
      }
      ready = reinterpret_cast<const std::byte*>(made.data());
    });
    return ready;
  }

  bool odd_booleans(std::size_t count) const {
    if (stored != ElementType::boolean) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (std::to_integer<unsigned>(bytes[i]) > 1) return true;
    }
    return false;
  }
};

void Storage::Free::operator()(std::byte* bytes) const noexcept { std::free(bytes); }

Storage::Storage(ElementType type, std::int64_t elements) : type_(type), elements_(elements) {
  // Far below what overflows when a byte offset is computed.
  if (elements < 0 || elements > (std::int64_t{1} << 56)) {
    throw Error(ErrorCode::runtime, "tensor", "a number of elements that memory could hold", std::to_string(elements));
  }
}

Storage::~Storage() { release(); }

void Storage::release() noexcept {
  owned_.reset();
  if (meter_) meter_->give_back(metered_);
  meter_.reset();
  metered_ = 0;
}

std::size_t Storage::count(std::shared_ptr<MemoryMeter> meter) {
  const std::size_t bytes = static_cast<std::size_t>(elements_) * archive::element_size(type_);
  if (meter) {
    meter->take(bytes);
    meter_ = std::move(meter);
    metered_ = bytes;
  }
  return bytes;
}

void Storage::allocate(std::shared_ptr<MemoryMeter> meter) {
  const std::size_t bytes = count(std::move(meter));
  // Zeroed: nothing that a model computes can show what stood in this memory before.
  owned_.reset(static_cast<std::byte*>(std::calloc(std::max<std::size_t>(bytes, 1), 1)));
  if (!owned_) {
    release();
    throw Error(ErrorCode::out_of_resources, "memory of the run", std::to_string(bytes) + " bytes", "no memory");
  }
}

std::shared_ptr<Storage> Storage::make(ElementType type, std::int64_t elements, std::shared_ptr<MemoryMeter> meter) {
  std::shared_ptr<Storage> storage(new Storage(type, elements));
  storage->allocate(std::move(meter));
  storage->known_ = true;
  return storage;
}

std::shared_ptr<Storage> Storage::unknown(ElementType type, std::int64_t elements, std::shared_ptr<MemoryMeter> meter) {
  std::shared_ptr<Storage> storage(new Storage(type, elements));
  storage->count(std::move(meter));
  return storage;
}

std::shared_ptr<Storage> Storage::described(const Storage& other) {
  std::shared_ptr<Storage> storage = unknown(other.type_, other.elements_);
  storage->origin_ = other.origin();
  return storage;
}

std::optional<std::pair<ElementType, std::span<const std::byte>>> Storage::stored() const noexcept {
  const Storage* origin = this->origin();
  if (!origin->lazy_) return std::nullopt;
  return std::make_pair(origin->lazy_->stored, origin->lazy_->bytes);
}

std::shared_ptr<Storage> Storage::view(ElementType type, std::span<const std::byte> bytes,
                                       std::shared_ptr<const void> keep) {
  auto lazy = std::make_unique<Lazy>();
  lazy->stored = type;
  lazy->bytes = bytes;
  lazy->keep = std::move(keep);
  const std::size_t elements = bytes.size() / archive::element_size(type);
  std::shared_ptr<Storage> storage(
      new Storage(lazy->halves() ? ElementType::float32 : type, static_cast<std::int64_t>(elements)));
  storage->lazy_ = std::move(lazy);
  storage->write_ = Write::refused;
  storage->known_ = true;
  return storage;
}

std::shared_ptr<Storage> Storage::for_run(std::shared_ptr<const Storage> parent) {
  std::shared_ptr<Storage> storage(new Storage(parent->type_, parent->elements_));
  storage->known_ = parent->known_;
  storage->varies = parent->varies;
  storage->write_ = Write::after_copy;
  storage->origin_ = parent->origin();
  storage->parent_ = std::move(parent);
  return storage;
}

const std::byte* Storage::data() const {
  if (owned_) return owned_.get();
  if (parent_) return known_ ? parent_->data() : nullptr;
  return lazy_ ? lazy_->read(elements_) : nullptr;
}

void Storage::own(std::shared_ptr<MemoryMeter> meter) {
  if (write_ == Write::direct) return;
  if (known_) {
    const std::byte* before = data();
    allocate(std::move(meter));
    std::memcpy(owned_.get(), before, static_cast<std::size_t>(elements_) * archive::element_size(type_));
  }
  write_ = Write::direct;
  parent_.reset();
}

void Storage::forget() noexcept {
  release();
  known_ = false;
  parent_.reset();
  write_ = Write::direct;
}

}  // namespace bertrt::graph
