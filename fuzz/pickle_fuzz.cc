// Any bytes as a pickle, and a walk over all that it holds, every reference followed. Checked: no crash and no
// exception but Error; the walk ends within the bounds that Pickle promises.
//
//   python fuzz/archive_seeds.py corpus && pickle_fuzz -max_len=20000 corpus/pickle

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "archive/pickle.h"
#include "bertrt/error.h"

namespace {

using bertrt::archive::Pickle;
using bertrt::archive::PickleKind;
using bertrt::archive::PickleValue;

class Walk {
 public:
  void value(const PickleValue& value, std::size_t depth) {
    if (++values_ > Pickle::kMaxUnfolded || depth > Pickle::kMaxDepth) std::abort();
    sum_ += value.text().size() + value.global_name().size() + value.class_name().size();
    sum_ += static_cast<std::size_t>(value.integer()) + static_cast<std::size_t>(value.boolean());
    (void)value.real();
    (void)value.find("w");
    if (value.is(PickleKind::dict)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        this->value(value.key(i), depth + 1);
        this->value(value.value(i), depth + 1);
      }
    } else {
      for (std::size_t i = 0; i < value.size(); ++i) this->value(value[i], depth + 1);
    }
    if (const auto state = value.state()) this->value(*state, depth + 1);
  }

 private:
  std::size_t values_ = 0;
  std::size_t sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Pickle pickle(std::as_bytes(std::span(data, size)), "fuzz");
    Walk().value(pickle.root(), 1);
  } catch (const bertrt::Error&) {
    // The one exception that may leave the library.
  }
  return 0;
}
