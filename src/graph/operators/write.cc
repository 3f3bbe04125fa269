#include "graph/operators/write.h"

#include "bertrt/error.h"
#include "graph/operators/common.h"

namespace bertrt::graph {

void write_into(RunState& run, const Tensor& target, const Tensor& source, bool any_type, bool may_overlap) {
  if (target.sizes() != source.sizes()) {
    throw Error(ErrorCode::runtime, "write in place", "values of the shape " + to_string(target.sizes()),
                to_string(source.sizes()));
  }
  if (!any_type && !can_cast(source.type(), target.type())) {
    throw Error(ErrorCode::runtime, "write in place",
                "a result that " + std::string(archive::to_string(target.type())) + " can hold",
                std::string(archive::to_string(source.type())));
  }
  for (std::size_t axis = 0; axis < target.sizes().size(); ++axis) {
    if (!may_overlap && target.sizes()[axis] > 1 && target.strides()[axis] == 0) {
      throw Error(ErrorCode::runtime, "write in place", "elements that lie apart from each other",
                  "an expanded tensor");
    }
  }
  Storage& storage = *target.storage();
  if (storage.write() == Storage::Write::refused) {
    throw Error(ErrorCode::unsupported, "write in place", "a tensor of the run", "not graphable: keeps state");
  }
  storage.varies = storage.varies || source.varies();
  if (!storage.known()) return;
  if (!source.known()) {
    storage.forget();
    return;
  }
  storage.own(run.meter);
  copy_values(target, source);
}

Value write_in_place(RunState& run, const Event& event, Value result) {
  const Tensor* source = result.tensor();
  const Tensor* target = event.arguments.empty() ? nullptr : event.arguments[0].tensor();
  if (source == nullptr || target == nullptr) {
    throw Error(ErrorCode::unsupported, event.op->name, "a tensor", describe(result));
  }
  // One value for all may be written where elements share their memory.
  const bool uniform = event.op->name == "aten::zero_" || event.op->name == "aten::fill_";
  write_into(run, *target, *source, event.op->name == "aten::copy_" || uniform, uniform);
  return event.arguments[0];
}

}  // namespace bertrt::graph
