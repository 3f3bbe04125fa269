#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/options.h"
#include "bertrt/output.h"

namespace bertrt {
inline namespace v0 {

/// One input of the traced method.
struct ModelValue {
  std::string name;                        ///< standard name, e.g. "input_ids"
  std::string dtype;                       ///< "int64", "float32"; empty when the file does not say
  std::vector<std::int64_t> traced_shape;  ///< empty when the file does not say
};

/// Lengths that are proven to run unpadded by what the file itself records.
struct LengthReport {
  std::size_t proven_max = 0;  ///< 0: none recorded; a session proves a range when it loads
  std::string why;             ///< by which record of the file
};

/// Something odd about a model file.
struct FindingReport {
  std::string severity;  ///< "refuse" (not loaded under Trust::data_only), "warning" or "note"
  std::string where;     ///< archive entry and line, e.g. "code/__torch__.py:12"
  std::string message;   ///< one line
};

/// What a model file is, read without running anything in it.
struct ModelReport {
  std::string format;                      ///< "bertrt bundle 1", "torchscript trace", "checkpoint folder", …
  std::string architecture;                ///< "bert", …; empty when it cannot be told
  std::string task;                        ///< "encoder", "masked-lm", …
  std::vector<ModelValue> inputs;          ///< in the trace's order
  std::vector<OutputInfo> outputs;         ///< what a session gives, as SessionInfo::outputs; roles that cannot be told
                                           ///< without running the file are `other`
  std::vector<std::int64_t> traced_shape;  ///< [batch, sequence]; empty when the file does not say
  LengthReport lengths;                    ///< what the file records
  std::optional<EngineKind> engine;        ///< the one that is tried first under the options; nothing: none can run it
  std::string engine_why;                  ///< why this one, or why none
  std::vector<std::string> not_explained;  ///< SessionInfo::not_explained
  std::size_t parameters = 0;              ///< number of unique weights (elements)
  std::vector<FindingReport> findings;     ///< what is odd about it, one entry each
};

/// Reads a model file, or a checkpoint folder, and decides as loading it with these options would. Safe on any file:
/// runs nothing, allocates no more than the file's own size allows.
/// @throws Error file_not_found, io, invalid_format, unsupported (an archive or bundle newer than this library),
///         invalid_argument for options that contradict each other
BERTRT_API ModelReport inspect(const std::filesystem::path& path, const SessionOptions& options = {});
/// From memory; `bytes` are read during the call only. `name` stands for the path in messages.
BERTRT_API ModelReport inspect_memory(std::span<const std::byte> bytes, std::string_view name = "memory",
                                      const SessionOptions& options = {});

}  // namespace v0
}  // namespace bertrt
