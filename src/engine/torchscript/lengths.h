#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "bertrt/session.h"
#include "engine/torchscript/program.h"
#include "engine/torchscript/traits.h"
#include "model/model_file.h"

namespace bertrt::engine::torchscript {

/// At which shapes a traced program gives right answers, and how that is known.
struct LengthRange {
  std::size_t min = 0;  ///< texts of min … max tokens run at their own length; 0, 0: none do
  std::size_t max = 0;
  std::size_t padded = 0;      ///< length that texts below `min` (or all, without a range) are padded to
  std::size_t max_length = 0;  ///< longest text that can be run at all; see longest()
  std::size_t rows = 0;        ///< 0: any number of texts in one call; else exactly so many
  bool may_pad = true;         ///< padding does not change a text's answer
  bool alone = false;          ///< the graph shows lengths that are right, `max` 0 among them for no limit
  std::string why;
  std::vector<std::string> findings;

  bool flexible() const noexcept { return alone || max != 0; }
  /// Tokens of the longest text.
  std::size_t longest() const noexcept {
    return alone && max == 0 ? std::numeric_limits<std::size_t>::max() : max_length;
  }
  /// The length that a text of so many tokens is run at when it is alone.
  std::size_t length_for(std::size_t tokens) const noexcept { return flexible() && tokens >= min ? tokens : padded; }
};

/// What the exporter recorded, else what the trace's graph shows; and where there is no graph, what checks on the
/// program itself show:
///
/// - a short text at its own length against the same text padded to the traced length (the shape at which a trace
///   is right by definition), and down to one token;
/// - a text of the traced length against itself padded to twice as much, and one of twice the length against itself
///   padded to the model's longest; and at each of these lengths, that tokens behind the shorter text's end count;
/// - two texts in one call against each alone;
/// - a short text alone against itself padded: texts of several lengths go together only where they agree;
/// - the exact shape of every output, always.
///
/// A trace without a mask cannot be compared with its padded self. Its own length counts as proven when it runs at
/// all of those lengths with exact shapes and its code holds no constant equal to the traced length.
///
/// Calls program.learn_outputs(). The caller holds a TorchScope.
/// @throws Error model_mismatch, runtime when the program does not even run at its traced shape
LengthRange find_lengths(Program& program, const model::ModelFile& file, const SessionOptions& options,
                         const ModelTraits& traits);

}  // namespace bertrt::engine::torchscript
