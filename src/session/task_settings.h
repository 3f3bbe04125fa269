#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "family/module_folder.h"
#include "family/sentence_modules.h"

namespace bertrt::session {

/// What a model's own files say of the way from its outputs to answers: for src/tasks. Empty where nothing is said, as
/// with a bare trace.
struct TaskSettings {
  std::vector<std::string>
      heads;  ///< the tasks that the model has heads for: "masked-lm", "sequence-classification", …
  std::vector<std::string> labels;                              ///< by class; LABEL_0, … where the file names none
  std::vector<std::pair<std::string, std::int64_t>> label_ids;  ///< label2id, in the file's order
  std::size_t num_labels = 0;                                   ///< 0: not known
  std::string problem_type;  ///< "regression", "single_label_classification", "multi_label_classification" or empty
  std::string cross_encoder_activation;             ///< a dotted torch class, or empty
  std::size_t position_embeddings = 0;              ///< max_position_embeddings as config.json says it; 0: not known
  std::optional<family::SentenceModules> sentence;  ///< a sentence-transformers model's
  std::filesystem::path folder;                     ///< the model's; empty for files
  std::filesystem::path tokenizer;                  ///< where a folder's tokenizer was read; empty for files
  std::optional<family::ModuleFolder> beside;       ///< where heads of their own may lie (bge-m3's)
  std::shared_ptr<const void> bytes;                ///< what `beside` points into
};

/// A finding where the settings promise longer texts than the model runs. @param max_length  0: any length
std::optional<std::string> longer_than_the_model(const TaskSettings& settings, std::size_t max_length);

}  // namespace bertrt::session
