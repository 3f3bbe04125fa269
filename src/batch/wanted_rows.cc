#include "batch/wanted_rows.h"

#include <numeric>
#include <string>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::batch {
namespace {

void check(const TokenPlace& place, const Batch& batch) {
  const bool text = place.text < batch.size();
  if (text && place.token < batch.length(place.text)) return;
  throw Error(ErrorCode::invalid_argument, "RunRequest::logit_tokens",
              text ? "tokens from 0 to " + std::to_string(batch.length(place.text) - 1) + " in text " +
                         std::to_string(place.text)
                   : "texts from 0 to " + std::to_string(batch.size() - 1),
              std::to_string(text ? place.token : place.text));
}

}  // namespace

WantedRows wanted_rows(const Batch& batch, const RunRequest& request) {
  WantedRows wanted;
  if (request.logit_tokens.empty()) {
    wanted.row_offsets = batch.row_offsets;
    wanted.rows.resize(batch.total_tokens());
    std::iota(wanted.rows.begin(), wanted.rows.end(), std::size_t{0});
    return wanted;
  }
  auto offsets = std::make_shared<std::vector<std::size_t>>(batch.size() + 1, 0);
  for (const TokenPlace& place : request.logit_tokens) {
    check(place, batch);
    ++(*offsets)[place.text + 1];
  }
  std::partial_sum(offsets->begin(), offsets->end(), offsets->begin());
  std::vector<std::size_t> next(offsets->begin(), offsets->end() - 1);
  wanted.rows.resize(request.logit_tokens.size());
  for (const TokenPlace& place : request.logit_tokens) {
    wanted.rows[next[place.text]++] = (*batch.row_offsets)[place.text] + place.token;
  }
  wanted.row_offsets = std::move(offsets);
  return wanted;
}

}  // namespace bertrt::batch
