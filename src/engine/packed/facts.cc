#include "engine/packed/facts.h"

#include "engine/packed/encoder_weights.h"

namespace bertrt::engine::packed {

EngineFacts facts_of(const family::EncoderSpec& encoder) {
  EngineFacts facts;
  facts.max_length = longest_text(encoder);
  facts.proven_min = 1;
  facts.proven_max = facts.max_length;
  facts.lengths_why = "the packed engine computes every length without padding";
  return facts;
}

}  // namespace bertrt::engine::packed
