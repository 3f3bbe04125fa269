#pragma once

#include <string>
#include <string_view>

#include "tokenizer/files/model_spec.h"
#include "tokenizer/hub/class_plan.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// Gives a model that was read from files the options that the class has in place of the files'.
void set_class_options(std::string_view name, const ClassPlan& plan, const Settings& settings, ModelSpec& spec);

/// The vocabulary of a sentencepiece model as the class has it. @throws Error invalid_format, unsupported
ModelSpec sentencepiece_spec(std::string_view name, const ClassPlan& plan, const Settings& settings,
                             const SentencePieceModel& model, const std::string& where);

}  // namespace bertrt::tokenizer
