#include "engine/packed/facts.h"

#include "kernels/isa/calibration.h"

namespace bertrt::engine::packed {

EngineFacts facts_of(const PackedModel& model, DType dtype) {
  EngineFacts facts;
  facts.dtype = dtype;
  facts.max_length = model.max_length();
  facts.proven_min = 1;
  facts.proven_max = facts.max_length;
  facts.lengths_why = "the packed engine computes every length without padding";
  facts.kernels = kernels::isa::calibration_report();
  return facts;
}

}  // namespace bertrt::engine::packed
