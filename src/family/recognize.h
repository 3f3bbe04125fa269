#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/output.h"
#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"
#include "graph/program.h"

namespace bertrt::family {

/// Where an output of the traced method comes from.
struct OutputPlan {
  enum class Source {
    state,     ///< hidden states: `index` in Recognition::states
    pooled,    ///< the pooled output
    head,      ///< `index` in Recognition::heads
    operators  ///< the program's own operators, on what is above
  };
  std::string name;  ///< the trace's own: dict keys and positions joined by dots
  OutputRole role = OutputRole::other;
  Evidence evidence = Evidence::none;
  Source source = Source::operators;
  std::size_t index = 0;
  std::size_t column = 0;   ///< of a head with two columns that are given apart
  NodeId pair = kNoNode;    ///< the node that such a column is of
  NodeId order = kNoNode;   ///< the node that made it: what comes first is computed first
  bool embeddings = false;  ///< a hidden state that stands before all attention
};

/// A model whose encoder was recognized: every operator between its ids and its states is explained by `spec`.
struct Recognition {
  EncoderSpec spec;
  bool positions_given = false;       ///< the program takes position_ids
  std::vector<graph::Slot> states;    ///< [layers + 1] [texts, length, hidden]: the embeddings, then each layer's
  std::optional<graph::Slot> pooled;  ///< [texts, hidden]
  std::vector<HeadSpec> heads;
  std::vector<OutputPlan> outputs;  ///< in the trace's order
  /// Weights of `spec` that lie in no file: heads out of a layer that queries, keys and values share; heads of keys
  /// that several of queries read, once for each of these; heads whose neighbouring values are turned, put half a head
  /// apart.
  std::shared_ptr<const std::deque<std::vector<float>>> made;
};

/// What a program is.
struct Reading {
  std::optional<Recognition> recognition;
  std::string not_explained;  ///< the first operator that fits no encoder of the family; empty where all do
  /// Roles of the outputs as far as shapes tell, for a program without a recognized encoder.
  std::vector<OutputPlan> outputs;
};

struct RecognizeOptions {
  /// No text longer than this is looked at; 0: only what the positions' table says.
  std::size_t max_length = 0;
  std::size_t min_length = 0;    ///< the shortest text that runs
  std::size_t usual_length = 0;  ///< at which axes of tokens can be told (Lengths::usual); 0: five tokens
  /// The one length that the program runs at (numbers of its tracing stand in it); 0: any.
  std::size_t only_length = 0;
  /// Compare at every length up to 8 and with more masks: for `verify`. Else at a few.
  bool thorough = false;
};

/// Reads what a program is, by its data flow: never by the names of its weights. It is looked at for several lengths
/// and masks (at each number that stands in its code, and beside it), and has to be the same encoder each time.
Reading read_model(const graph::Program& program, const RecognizeOptions& options = {});

}  // namespace bertrt::family
