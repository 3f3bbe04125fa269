#pragma once

#include "family/module_folder.h"
#include "family/sentence_modules.h"

namespace bertrt::family {

/// Reads config_sentence_transformers.json into the model: its kind, prompts, similarity, lengths.
/// @param has_pylate_module  one of the modules is PyLate's
/// @throws Error invalid_format, unsupported (a kind or setting that is not known), io
void read_model_settings(const ModuleFolder& folder, bool has_pylate_module, SentenceModules& model);

/// Reads what the transformer's folder says of it (sentence_bert_config.json, or one of its older names): its task,
/// lengths, query expansion. The list of modules must be there. @throws Error as read_model_settings
void read_encoder_settings(const ModuleFolder& folder, SentenceModules& model);

/// Whether config.json has the encoder give all of its hidden states: where it does not, Python's WeightedLayerPooling
/// leaves the token rows as they are. @throws Error invalid_format, io
bool gives_all_layers(const ModuleFolder& folder);

}  // namespace bertrt::family
