#pragma once

#include <memory>
#include <utility>

#include "archive/archive.h"
#include "base/out_of_memory.h"
#include "engine/graph/recognized_engine.h"
#include "family/trace.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// What a file's trace is read as; holds the file.
inline std::shared_ptr<const family::Trace> read_trace(std::shared_ptr<const model::ModelFile> file) {
  struct Held {
    explicit Held(std::shared_ptr<const model::ModelFile> owner)
        : file(std::move(owner)), archive(file->bytes(), file->name()) {}
    std::shared_ptr<const model::ModelFile> file;
    archive::Archive archive;
  };
  return base::or_out_of_memory("reading a trace", [&] {
    const auto held = std::make_shared<Held>(std::move(file));
    return std::make_shared<const family::Trace>(
        family::read_trace(*bertrt::graph::torchscript::read_module(held->archive, held)));
  });
}

/// The packed engine for a file whose encoder is recognized. @throws Error unsupported
inline std::unique_ptr<const Engine> make_packed_engine(std::shared_ptr<const model::ModelFile> file,
                                                        const PackedOptions& options = {},
                                                        const PackedTuning& tuning = {}) {
  SessionOptions session;
  session.packed = options;
  return graph::make_recognized_engine(read_trace(std::move(file)), session, tuning);
}

}  // namespace bertrt::engine::packed
