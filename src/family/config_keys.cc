#include "family/config_keys.h"

#include <algorithm>
#include <array>

namespace bertrt::family {
namespace {

using std::string_view_literals::operator""sv;

// Written by transformers from 2 to 5, by the tools around it, and by the makers of well-known checkpoints. Each was
// looked up: no forward pass of the families here reads it (or only in training).
constexpr std::array kHarmless = {
    // provenance
    "_commit_hash"sv,
    "_name_or_path"sv,
    "name_or_path"sv,
    "name"sv,
    "language"sv,
    "transformers_version"sv,
    "transformers.js_config"sv,
    "model_name"sv,
    "license"sv,
    "export_model_type"sv,
    "framework"sv,
    "training"sv,
    "pre_trained"sv,
    "cell"sv,
    "structure"sv,
    "emb_size"sv,
    "finetuning_task"sv,
    "task_specific_params"sv,
    "tokenizer_class"sv,
    "model_max_length"sv,
    "prefix"sv,
    "function_to_apply"sv,  // of a text classifier's pipeline, which always has one of its own
    "custom_pipelines"sv,
    "unsloth_version"sv,
    "unsloth_fixed"sv,
    "_num_labels"sv,
    // how weights are stored and run in Python
    "torch_dtype"sv,
    "dtype"sv,
    "use_bfloat16"sv,
    "torchscript"sv,
    "xla_device"sv,
    "attn_implementation"sv,
    "_attn_implementation"sv,
    "_attn_implementation_autoset"sv,
    "_attn_implementation_internal"sv,
    "_experts_implementation_internal"sv,
    "experts_implementation"sv,
    "gradient_checkpointing"sv,
    "chunk_size_feed_forward"sv,
    "tf_legacy_loss"sv,
    "use_cache"sv,
    "output_past"sv,
    "use_return_dict"sv,
    // what a call returns
    "output_attentions"sv,
    "output_hidden_states"sv,
    "output_scores"sv,
    "return_dict"sv,
    "return_dict_in_generate"sv,
    // training
    "hidden_dropout_prob"sv,
    "attention_probs_dropout_prob"sv,
    "classifier_dropout"sv,
    "classifier_dropout_prob"sv,
    "dropout"sv,
    "attention_dropout"sv,
    "hidden_dropout"sv,
    "qa_dropout"sv,
    "seq_classif_dropout"sv,
    "summary_last_dropout"sv,
    "summary_first_dropout"sv,
    "embedding_dropout"sv,
    "initializer_range"sv,
    "initializer_factor"sv,
    "sinusoidal_pos_embds"sv,
    "tie_weights_"sv,
    "layerdrop"sv,
    // BERT's first configurations for a pooler that the code never had; ALBERT's likewise
    "directionality"sv,
    "pooler_fc_size"sv,
    "pooler_num_attention_heads"sv,
    "pooler_num_fc_layers"sv,
    "pooler_size_per_head"sv,
    "pooler_type"sv,
    "net_structure_type"sv,
    "gap_size"sv,
    "num_memory_blocks"sv,
    "down_scale_factor"sv,
    // special tokens, which the tokenizer decides (a padding id that changes positions is read before)
    "bos_token_id"sv,
    "eos_token_id"sv,
    "pad_token_id"sv,
    "sep_token_id"sv,
    "cls_token_id"sv,
    "mask_token_id"sv,
    "unk_token_id"sv,
    "decoder_start_token_id"sv,
    "eos_token_ids"sv,  // of transformers 2
    "pad_index"sv,
    // generation
    "max_length"sv,
    "min_length"sv,
    "max_new_tokens"sv,
    "min_new_tokens"sv,
    "do_sample"sv,
    "early_stopping"sv,
    "num_beams"sv,
    "num_beam_groups"sv,
    "diversity_penalty"sv,
    "temperature"sv,
    "top_k"sv,
    "top_p"sv,
    "min_p"sv,
    "top_h"sv,
    "typical_p"sv,
    "epsilon_cutoff"sv,
    "eta_cutoff"sv,
    "repetition_penalty"sv,
    "length_penalty"sv,
    "no_repeat_ngram_size"sv,
    "encoder_no_repeat_ngram_size"sv,
    "encoder_repetition_penalty"sv,
    "bad_words_ids"sv,
    "num_return_sequences"sv,
    "forced_bos_token_id"sv,
    "forced_eos_token_id"sv,
    "remove_invalid_values"sv,
    "exponential_decay_length_penalty"sv,
    "suppress_tokens"sv,
    "begin_suppress_tokens"sv,
    "renormalize_logits"sv,
    "constraints"sv,
    "force_words_ids"sv,
    "guidance_scale"sv,
    "max_time"sv,
    "penalty_alpha"sv,
    "assistant_confidence_threshold"sv,
    "assistant_lookbehind"sv,
    "num_assistant_tokens"sv,
    "num_assistant_tokens_schedule"sv,
    "target_lookbehind"sv,
    "sequence_bias"sv,
    "stop_strings"sv,
    // of a decoder's cross-attention, which is refused by keys of its own
    "cross_attention_hidden_size"sv,
    "tie_encoder_decoder"sv,
    // settings of some families, whose own code takes them first: the others' code has no such thing, and published
    // files of theirs name them all the same (MuRIL's, a BERT, has an embedding_size)
    "embedding_size"sv,
    "num_hidden_groups"sv,
    "inner_group_num"sv,
    "summary_type"sv,
    "summary_use_proj"sv,
    "summary_activation"sv,
};

}  // namespace

bool changes_nothing(std::string_view key) noexcept {
  return std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end();
}

}  // namespace bertrt::family
