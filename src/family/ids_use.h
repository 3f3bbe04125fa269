#pragma once

#include <cstdint>
#include <vector>

#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// What values know of a text besides its tokens one by one. Made-up texts show an operator's rule for the ids that
/// they have, and no other: a mask that asks for an id that stands in none of them looks like one that asks for
/// nothing. So it is asked of the operators.
struct IdsUse {
  bool read = false;                   ///< ids are read in another way than the next one
  std::vector<std::int64_t> compared;  ///< ids that they are compared with (ids != 1), and no more is known of them
  bool counted = false;                ///< tokens were put together (sums, maxima): a rule for their number may follow

  bool none() const noexcept { return !read && compared.empty(); }
  /// Nothing that the probe would not show: at most whether an id is the padding of its texts, each token by itself.
  bool shows(const Probe& probe) const;
};
IdsUse ids_use(const Instance& instance, const Ref& ref);

/// Whether these are the text's ids, as they are or cast.
bool are_ids(const Instance& instance, const Ref& ref);

}  // namespace bertrt::family
