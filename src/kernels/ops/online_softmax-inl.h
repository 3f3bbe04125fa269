// Softmax over keys that come in blocks, compiled once for each instruction set: included after Highway.

#if defined(BERTRT_KERNELS_OPS_ONLINE_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_KERNELS_OPS_ONLINE_SOFTMAX_INL_H_
#undef BERTRT_KERNELS_OPS_ONLINE_SOFTMAX_INL_H_
#else
#define BERTRT_KERNELS_OPS_ONLINE_SOFTMAX_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/ops/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

// What a row has seen by now, where keys come in more than one block. Its results are kept as they are summed up, its
// shares not yet divided by their sum.
struct Seen {
  float* highest;  // its greatest score; null: this block is all of them
  float* sum;      // and the sum of its shares
  bool opens;      // the first block
  bool ends;       // the last one
};

// What several rows have seen, side by side; null: one block is all of the text's keys.
struct SeenRows {
  float* highest;
  float* sums;

  Seen at(std::size_t row, bool opens, bool ends) const {
    if (highest == nullptr) return {nullptr, nullptr, opens, ends};
    return {highest + row, sums + row, opens, ends};
  }
};

// A row's results are what they were times `keep`, if this is not the first block of keys, and the values' shares, all
// times `share`.
struct Mix {
  float keep;
  float share;
};

// Weighs a row's scores by the greatest that it has seen by now: what it has summed up before is scaled down to that.
// @param highest  of this block, by lane
// @param power    of x <= 0, to the scores' base
// @param weigh    turns the block's scores into shares below a top that is in every lane, and gives their sum
template <class Power, class Weigh>
HWY_INLINE Mix weigh_block(const Seen& seen, V highest, const Power& power, const Weigh& weigh) {
  const D d;
  V top = hn::MaxOfLanes(d, highest);
  if (seen.highest == nullptr) return {0, 1.0F / weigh(top)};
  float keep = 0;
  if (!seen.opens) {
    const V earlier = hn::Set(d, *seen.highest);
    top = hn::Max(top, earlier);
    keep = hn::GetLane(power(hn::Sub(earlier, top)));
  }
  const float added = weigh(top);
  *seen.sum = seen.opens ? added : *seen.sum * keep + added;
  *seen.highest = hn::GetLane(top);
  return {keep, seen.ends ? 1.0F / *seen.sum : 1.0F};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

#endif
