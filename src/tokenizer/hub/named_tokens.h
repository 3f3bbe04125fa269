#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/hub/class_plan.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/tokenizer_config.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// Adds the tokens that the files and the class name, in the order in which transformers adds them.
/// @param of_files  Settings::added_tokens()
void add_named_tokens(const std::map<std::int64_t, TokenValue>& of_files, const NamedTokens& tokens,
                      const std::vector<std::pair<std::string, TokenValue>>& specific,
                      const std::vector<TokenValue>& extra, LoadedTokenizer& loaded);

/// The same tokens once more, as special ones: some constructors end with it. What the files say of spaces beside a
/// token that is named by a bare text is lost then; `plainly` (Qwen2): for every token.
void add_again(bool plainly, const NamedTokens& tokens, const std::vector<std::pair<std::string, TokenValue>>& specific,
               const std::vector<TokenValue>& extra, LoadedTokenizer& loaded);

/// The extra special tokens of a class: the files', a sentencepiece model's own, else the class's.
std::vector<TokenValue> extra_tokens(const Settings& settings, const ClassPlan& plan, const SentencePieceModel* pieces);

/// The ids of the special tokens by their names; -1 for none.
SpecialTokenIds special_ids(const NamedTokens& tokens, const AddedVocabulary& added, const WordModel& model);

/// The ids of all special tokens, named ones and further ones, each once.
std::vector<std::int32_t> all_special_ids(const NamedTokens& tokens,
                                          const std::vector<std::pair<std::string, TokenValue>>& specific,
                                          const std::vector<TokenValue>& extra, const AddedVocabulary& added,
                                          const WordModel& model);

/// What the class puts around texts. @throws Error invalid_format for a special token that has no id
PostProcessors post_processors_of(const ClassPlan& plan, const NamedTokens& tokens, const AddedVocabulary& added,
                                  const WordModel& model, bool pads_left = false);

/// The template that transformers gives a tokenizer that has none.
PostProcessors texts_alone();

/// The same with bos_token and eos_token around each text where add_bos_token and add_eos_token say so.
PostProcessors texts_between(const Settings& settings, const NamedTokens& tokens, const AddedVocabulary& added,
                             const WordModel& model);

}  // namespace bertrt::tokenizer
