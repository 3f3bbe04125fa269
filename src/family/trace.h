#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "bertrt/output.h"
#include "family/lengths.h"
#include "family/recognize.h"
#include "graph/torchscript/read_program.h"

namespace bertrt::family {

/// All that is known about a traced model from its file, told once: a session and `inspect` decide by the same.
struct Trace {
  /// Null where the trace is not graphable.
  std::shared_ptr<const graph::Program> program;
  std::string not_graphable;  ///< why, with the place; empty where it is graphable

  std::shared_ptr<const Lengths> lengths;
  Reading reading;                    ///< recognition, or what was not explained
  std::vector<OutputInfo> outputs;    ///< as the trace gives them, in its order
  std::vector<std::string> findings;  ///< what a reader should know, one line each

  std::size_t traced_batch = 0;   ///< 0: the file does not say
  std::size_t traced_length = 0;  ///< 0: the file does not say
  std::size_t vocab_size = 0;     ///< rows of the table that ids are looked up in; 0: not known
  std::size_t type_vocab_size = 0;
  std::size_t types_tried = 0;  ///< where that is not known: so many types run
  std::int64_t padding_id = 0;  ///< what a text is padded with, where it has to be
  /// Where the program takes position_ids: the row of their table that stands for padding (RoBERTa counts on from it);
  /// -1: none, they count from 0.
  std::int64_t position_padding = -1;
  std::vector<std::int64_t> compared_ids = {};  ///< that its code asks for by their number, at most 16

  bool takes_mask() const;
  /// Arguments for one made-up text, at a length that is right.
  std::vector<graph::Value> example_arguments() const;
};

struct TraceOptions {
  /// Names for the inputs in the method's order, where they have lost theirs; empty: the code's.
  std::vector<std::string> input_names;
  /// What the file itself says of the method's outputs, in its order (a bundle's manifest); empty: nothing.
  std::vector<OutputRole> output_roles;
  bool thorough = false;  ///< RecognizeOptions::thorough
};

/// Reads the method "forward". Runs nothing. What is not graphable is said in the result, what is damaged is thrown.
/// @throws Error invalid_format
Trace read_trace(const graph::torchscript::Module& module, const TraceOptions& options = {});

}  // namespace bertrt::family
