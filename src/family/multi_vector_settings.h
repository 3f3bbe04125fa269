#pragma once

#include "family/module_files.h"
#include "family/module_folder.h"
#include "family/sentence_modules.h"

namespace bertrt::family {

/// Multi-vector models as they were published before sentence-transformers had a class for them, read as it reads them
/// (its 6.2). PyLate wrote a Transformer and a Dense, and the rest as flat settings ("query_prefix", "skiplist_words",
/// …); Stanford's ColBERT wrote a checkpoint whose class is HF_ColBERT, with "linear.weight" among its weights and an
/// artifact.metadata beside it.
///
/// Reads the flat settings of config_sentence_transformers.json; prompts must be read already. Marks the model as a
/// MultiVectorEncoder where they, or a module of PyLate's, say that it is one. @param has_pylate_module  in
/// modules.json
/// @throws Error unsupported
void read_flat_settings(SettingsFile& settings, bool has_pylate_module, SentenceModules& model);

/// Puts the modules that PyLate did not list (a mask, and rows of unit length) behind those it did; for a model that
/// read_flat_settings found to be PyLate's. Poolings, and what follows them, go. @throws Error unsupported without
/// Dense
void add_unlisted_modules(SentenceModules& model);

/// The modules of Stanford's ColBERT. Nothing for any other folder. Needs no modules.json.
/// @throws Error invalid_format, unsupported, model_mismatch, io
std::optional<SentenceModules> read_stanford_colbert(const ModuleFolder& folder);

}  // namespace bertrt::family
