#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "batch/batch.h"
#include "bertrt/output.h"

namespace bertrt::batch {

/// The tokens whose logits a request wants, text by text as EncoderOutput::token_logits has them.
struct WantedRows {
  std::shared_ptr<const std::vector<std::size_t>> row_offsets;  ///< [batch + 1]: text i's entries of `rows`
  std::vector<std::size_t> rows;                                ///< rows of the batch; every one where none is named
};

/// @throws Error invalid_argument for a text or a token that the batch has not
WantedRows wanted_rows(const Batch& batch, const RunRequest& request);

}  // namespace bertrt::batch
