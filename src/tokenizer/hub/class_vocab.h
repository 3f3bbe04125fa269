#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/files/model_spec.h"
#include "tokenizer/hub/class_plan.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// Gives a model that was read from files the options that the class has in place of the files'.
/// @param model  what its pieces come from; nullptr: a tokenizer.json
void set_class_options(std::string_view name, const ClassPlan& plan, const Settings& settings,
                       const SentencePieceModel* model, ModelSpec& spec);

/// The names of a sentencepiece model's pieces where it is taken as it stands: under a BPE those of the files' added
/// tokens stand in the places of what has their ids.
std::vector<std::string> piece_names(ClassModel kind, const Settings& settings, const SentencePieceModel& model);

/// The vocabulary of a sentencepiece model as the class has it. @throws Error invalid_format, unsupported
ModelSpec sentencepiece_spec(std::string_view name, const ClassPlan& plan, const Settings& settings,
                             const SentencePieceModel& model, const std::string& where);

}  // namespace bertrt::tokenizer
