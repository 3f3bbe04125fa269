#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/token_classifier.h"

namespace bertrt::tasks {

/// A token of a sentence with its probabilities.
struct LabelledToken {
  std::string word;           ///< as in the vocabulary; an unknown one as in the sentence
  std::vector<float> scores;  ///< [labels]
  std::uint32_t start = 0;    ///< bytes of the sentence
  std::uint32_t end = 0;
  std::size_t index = 0;   ///< in its window
  bool continues = false;  ///< the word of the token in front of it
};

/// What entities are made with.
struct EntityRules {
  Aggregation aggregation = Aggregation::none;
  std::span<const std::string> labels;  ///< by class
  std::span<const std::string> ignore_labels;
  std::function<std::string(std::vector<std::string>)> join;  ///< the tokenizer's decoder
};

/// One window's tokens to entities, in order, those with ignored labels left out.
std::vector<Entity> entities_of(std::span<const LabelledToken> tokens, const EntityRules& rules);

/// The entities of overlapping windows: by start, of those that begin inside another the longer one, of equal ones the
/// surer. As Python does it, which gives an entity of no width at the front twice.
/// @param length  of an entity, in code points as Python has it
std::vector<Entity> merge_windows(std::vector<Entity> entities,
                                  const std::function<std::size_t(const Entity&)>& length);

}  // namespace bertrt::tasks
