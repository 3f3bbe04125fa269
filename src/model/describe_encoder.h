#pragma once

#include <optional>
#include <string>

#include "model/manifest.h"
#include "model/model_file.h"

namespace bertrt::model {

/// The sizes and constants of the encoder in a bare trace: sizes from the parameters' shapes; layer-norm epsilon,
/// heads, activation and the padding's id from the code, which the tracer wrote them into.
///
/// Knows BERT, RoBERTa (CamemBERT, XLM-R), DistilBERT, ELECTRA, ALBERT and MPNet. It reads what is written and proves
/// nothing: whoever computes with the result compares it with the trace.
/// @param why_not  may be null; set to the reason when nothing is returned
std::optional<EncoderConfig> describe_encoder(const ModelFile& file, std::string* why_not);

}  // namespace bertrt::model
