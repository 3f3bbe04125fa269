#pragma once

#include <cstdint>
#include <vector>

#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// What values know of the text's ids. Made-up texts show an operator's rule for the ids that they have, and no other:
/// a mask that asks for an id that stands in none of them looks like one that asks for nothing. So it is asked of the
/// operators.
struct IdsUse {
  bool read = false;                   ///< in another way than the one below
  std::vector<std::int64_t> compared;  ///< each id that ids are compared with (ids != 1): what they know is whether it is it

  bool none() const noexcept { return !read && compared.empty(); }
  /// Nothing, but whether an id is the padding of the probe's own texts.
  bool shows(const Probe& probe) const;
};
IdsUse ids_use(const Instance& instance, const Ref& ref);

/// Whether these are the text's ids, as they are or cast.
bool are_ids(const Instance& instance, const Ref& ref);

}  // namespace bertrt::family
