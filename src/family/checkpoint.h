#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "family/config.h"
#include "family/encoder_spec.h"
#include "family/named_tables.h"

namespace bertrt::family {

struct CheckpointHead {
  HeadKind kind = HeadKind::masked_lm;
  std::string output;  ///< what Python's model calls it: "logits", "prediction_logits", …
  HeadSpec spec;
};

/// A model as a folder: config.json and weights.
struct Checkpoint {
  std::filesystem::path folder;
  CheckpointConfig config;
  EncoderSpec encoder;                ///< with a pooler where the weights have one
  std::vector<CheckpointHead> heads;  ///< the one that `architectures` names first
  std::vector<std::string> findings;  ///< what is there and was not used, for people
  std::shared_ptr<const void> bytes;  ///< what the weights point into
};

/// Reads config.json and the weights, completely: the folder may go afterwards. What vouches for the model are the
/// names: every key of config.json is known (read_config), every weight that the family has is there in the shape that
/// config.json says, and the encoder has no others.
///
/// A masked-lm decoder that is left out is tied to the word embeddings where the family does so. Heads are those that
/// `architectures` names, which must be there, and those whose weights are there under a name that only they have.
/// @param folder    or the path of its config.json
/// @param thorough  every weight is looked through for values that are no finite numbers, which are findings
/// @param as_cross_encoder  as sentence-transformers loads a saved CrossEncoder: a classifier of texts that is there is
///                          the head, whatever `architectures` says; where that names no such class, it has one label
/// @throws Error file_not_found, io, invalid_format, unsupported, model_mismatch
Checkpoint read_checkpoint(const std::filesystem::path& folder, bool thorough = false, bool as_cross_encoder = false);

/// Whether a path is a checkpoint's: a folder with a config.json, or that file itself.
bool is_checkpoint(const std::filesystem::path& path);

}  // namespace bertrt::family
