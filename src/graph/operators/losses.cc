#include <algorithm>
#include <cstdint>
#include <optional>

#include "graph/operators/common.h"
#include "graph/operators/composites.h"
#include "graph/operators/indexing.h"
#include "graph/operators/loops.h"
#include "graph/operators/table.h"

// Losses that were left in a model, or that it scores by (pseudo-perplexity).
namespace bertrt::graph {
namespace {

enum Reduction : std::int64_t { kNone = 0, kMean = 1, kSum = 2 };

struct Targets {
  Sizes classes;  ///< [texts, places]
  std::int64_t ignored = -100;
  double smoothing = 0;
  std::optional<Tensor> weight;  ///< by class
};

/// @param logs  [texts, classes, places]. @return what the losses' weights come to
template <typename T>
double lose(const Targets& targets, const Tensor& logs, T* losses) {
  const std::int64_t classes = logs.size(1);
  const std::int64_t places = logs.size(2);
  const T* values = logs.data<T>();
  const auto weight_of = [&](std::int64_t at) {
    return targets.weight ? static_cast<double>(targets.weight->data<T>()[at * targets.weight->stride(0)]) : 1.0;
  };
  double weights = 0;
  for (std::int64_t i = 0; i < logs.size(0) * places; ++i) {
    const std::int64_t target = targets.classes[static_cast<std::size_t>(i)];
    if (target == targets.ignored) continue;
    const T* row = values + (i / places) * classes * places + i % places;
    const double likely = -static_cast<double>(row[target * places]) * weight_of(target);
    double spread = 0;
    for (std::int64_t at = 0; targets.smoothing > 0 && at < classes; ++at) {
      spread -= static_cast<double>(row[at * places]) * weight_of(at);
    }
    losses[i] =
        static_cast<T>((1 - targets.smoothing) * likely + targets.smoothing / static_cast<double>(classes) * spread);
    weights += weight_of(target);
  }
  return weights;
}

// @param logs  [classes], [texts, classes] or [texts, classes, …]
void give_loss(Call& c, const Tensor& logs, Targets targets, std::int64_t reduction) {
  const Tensor& target = c.tensor(1);
  if (is_floating(target.type())) c.refuse("targets that are classes", describe(c.argument(1)));
  const std::int64_t rank = logs.rank();
  Sizes expected = logs.sizes();
  if (rank > 0) expected.erase(expected.begin() + (rank == 1 ? 0 : 1));
  if (rank == 0 || target.sizes() != expected || !is_floating(logs.type())) {
    c.fail("a class for each row of floating-point scores",
           describe(c.argument(0)) + " and " + describe(c.argument(1)));
  }
  if (reduction < kNone || reduction > kSum) c.fail("a reduction from 0 to 2", std::to_string(reduction));
  const std::int64_t classes = logs.size(rank == 1 ? 0 : 1);
  if (targets.weight && (targets.weight->sizes() != Sizes{classes} || targets.weight->type() != logs.type())) {
    c.fail("a weight for each class", describe(Value(*targets.weight)));
  }
  const Tensor losses = c.make(logs.type(), target.sizes());
  const Tensor folded = c.make(logs.type(), {});
  const bool known = all_known(losses, logs, target) && (!targets.weight || targets.weight->known());
  if (known) {
    targets.classes = index_values(c, target);
    for (const std::int64_t one : targets.classes) {
      if (one != targets.ignored) checked_index(c, one, classes, false);
    }
    const std::int64_t texts = rank == 1 ? 1 : logs.size(0);
    const std::int64_t places = texts == 0 ? 0 : target.elements() / texts;
    const Tensor rows = reshaped(c, contiguous(c, logs), {texts, classes, places});
    const auto each = [&]<typename T>() {
      T* values = losses.mutable_data<T>();
      const double weights = lose<T>(targets, rows, values);
      double sum = 0;
      for (std::int64_t i = 0; i < losses.elements(); ++i) sum += static_cast<double>(values[i]);
      *folded.mutable_data<T>() = static_cast<T>(reduction == kMean ? sum / weights : sum);
    };
    logs.type() == ElementType::float64 ? each.template operator()<double>() : each.template operator()<float>();
  }
  c.give(reduction == kNone ? losses : folded);
}

void cross_entropy_loss(Call& c) {
  const std::int64_t axis = c.tensor(0).rank() > 1 ? 1 : 0;
  Targets targets;
  targets.weight = c.optional_tensor(2);
  targets.ignored = c.integer(4);
  targets.smoothing = c.real(5);
  if (!(targets.smoothing >= 0 && targets.smoothing <= 1)) c.fail("a smoothing from 0 to 1", std::to_string(c.real(5)));
  const Tensor logs = made_by(c, "aten::log_softmax", {c.argument(0), Value(axis), Value()});
  give_loss(c, logs, std::move(targets), c.integer(3));
}

void nll_loss(Call& c) {
  Targets targets;
  targets.weight = c.optional_tensor(2);
  targets.ignored = c.integer(4);
  give_loss(c, c.tensor(0), std::move(targets), c.integer(3));
}

}  // namespace

void add_losses(Table& t) {
  t.add("aten::cross_entropy_loss",
        {{"cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, int ignore_index=-100, "
          "float label_smoothing=0.0) -> Tensor",
          cross_entropy_loss}});
  for (const char* name : {"aten::nll_loss", "aten::nll_loss_nd"}) {
    t.add(name, {{"nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, int ignore_index=-100) "
                  "-> Tensor",
                  nll_loss}});
  }
}

}  // namespace bertrt::graph
