#include "batch/batch.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::batch {
namespace {

// Values of an extra input a token: far above what any model takes, far below where sizes overflow.
constexpr std::size_t kMaxWidth = std::size_t{1} << 20U;

std::string where_in(std::size_t text, std::string_view field) {
  return "text " + std::to_string(text) + ", " + std::string(field);
}

[[noreturn]] void reject(std::size_t text, std::string_view field, std::string expected, std::string found) {
  throw Error(ErrorCode::invalid_argument, where_in(text, field), std::move(expected), std::move(found));
}

// A vector beside input_ids: empty, or one value a token.
template <typename T>
void check_size(std::size_t text, std::string_view field, const std::vector<T>& values, std::size_t expected) {
  if (!values.empty() && values.size() != expected) {
    reject(text, field, "as many values as input_ids (" + std::to_string(expected) + ")",
           std::to_string(values.size()));
  }
}

// Every value in 0 … limit - 1; limit 0 checks the sign alone.
void check_range(std::size_t text, std::string_view field, std::span<const std::int32_t> values, std::size_t limit,
                 const std::string& why = {}) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int32_t value = values[i];
    if (value < 0 || (limit != 0 && static_cast<std::size_t>(value) >= limit)) {
      reject(text, std::string(field) + "[" + std::to_string(i) + "]",
             limit == 0 ? "a value of 0 or more"
                        : "a value from 0 to " + std::to_string(limit - 1) + (why.empty() ? "" : " (" + why + ")"),
             std::to_string(value));
    }
  }
}

// Tokens without the padding at the end.
std::size_t real_length(const Encoding& encoding) {
  if (encoding.attention_mask.empty()) return encoding.size();
  const auto& mask = encoding.attention_mask;
  const auto last = std::find_if(mask.rbegin(), mask.rend(), [](std::int32_t value) { return value != 0; });
  return static_cast<std::size_t>(mask.rend() - last);
}

// Checks one encoding and returns its length, as a rule without padding.
std::size_t check_encoding(std::size_t text, const Encoding& encoding, const BatchLimits& limits, bool keep_padding) {
  const std::size_t tokens = encoding.size();
  if (tokens == 0) reject(text, "input_ids", "at least one token", "none");
  check_size(text, "token_type_ids", encoding.token_type_ids, tokens);
  check_size(text, "attention_mask", encoding.attention_mask, tokens);
  check_size(text, "position_ids", encoding.position_ids, tokens);
  check_range(text, "input_ids", encoding.input_ids, limits.vocab_size, limits.vocab_size_why);
  check_range(text, "token_type_ids", encoding.token_type_ids, limits.type_vocab_size);
  check_range(text, "attention_mask", encoding.attention_mask, 2);
  check_range(text, "position_ids", encoding.position_ids, 0);
  for (const NamedInput& extra : encoding.extra_inputs) {
    const std::size_t expected = tokens * extra.width;
    const std::size_t given = extra.values.size() + extra.real_values.size();
    const bool one_kind = extra.values.empty() || extra.real_values.empty();
    if (extra.width == 0 || extra.width > kMaxWidth || given != expected || !one_kind) {
      reject(
          text, "extra input " + extra.name,
          std::to_string(expected) + " integers or as many floats (tokens × width " + std::to_string(extra.width) + ")",
          std::to_string(extra.values.size()) + " integers and " + std::to_string(extra.real_values.size()) +
              " floats");
    }
  }
  const std::size_t real = real_length(encoding);
  const std::size_t length = keep_padding ? tokens : real;
  if (real == 0) reject(text, "attention_mask", "at least one token that is not padding", "zeros alone");
  if (limits.max_length != 0 && length > limits.max_length) {
    throw Error(ErrorCode::input_too_long, where_in(text, "input_ids"),
                "at most " + std::to_string(limits.max_length) + " tokens (" +
                    (limits.max_length_why.empty() ? "the model's limit" : limits.max_length_why) +
                    "; truncation is a choice of EncodeOptions)",
                std::to_string(length));
  }
  return length;
}

// What the first text carries, the others must carry too: a batch is one set of tensors.
void check_alike(std::size_t text, const Encoding& encoding, const Encoding& first) {
  if (encoding.position_ids.empty() != first.position_ids.empty()) {
    reject(text, "position_ids", "all texts of a batch with them or none",
           first.position_ids.empty() ? "some here, none in text 0" : "none here, some in text 0");
  }
  const auto same = [](const NamedInput& a, const NamedInput& b) {
    return a.name == b.name && a.width == b.width && a.values.empty() == b.values.empty();
  };
  if (!std::equal(encoding.extra_inputs.begin(), encoding.extra_inputs.end(), first.extra_inputs.begin(),
                  first.extra_inputs.end(), same)) {
    reject(text, "extra_inputs", "the names, order, widths and kinds of text 0's", "others");
  }
}

void append(std::vector<std::int32_t>& out, const std::vector<std::int32_t>& values, std::size_t length,
            std::int32_t missing) {
  if (values.empty()) {
    out.insert(out.end(), length, missing);
  } else {
    out.insert(out.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(length));
  }
}

template <typename T>
void append_part(std::vector<T>& out, const std::vector<T>& values, std::size_t count) {
  if (!values.empty()) out.insert(out.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

Batch make_batch(std::span<const Encoding* const> encodings, const BatchLimits& limits, bool keep_padding) {
  if (encodings.empty()) throw Error(ErrorCode::invalid_argument, "run", "at least one text", "an empty batch");
  auto offsets = std::make_shared<std::vector<std::size_t>>();
  offsets->reserve(encodings.size() + 1);
  offsets->push_back(0);
  for (std::size_t text = 0; text < encodings.size(); ++text) {
    if (encodings[text] == nullptr) {
      throw Error(ErrorCode::invalid_argument, "text " + std::to_string(text), "an encoding", "a null pointer");
    }
    const std::size_t length = check_encoding(text, *encodings[text], limits, keep_padding);
    check_alike(text, *encodings[text], *encodings.front());
    offsets->push_back(offsets->back() + length);
  }

  Batch batch;
  const std::size_t total = offsets->back();
  batch.input_ids.reserve(total);
  batch.token_type_ids.reserve(total);
  for (const NamedInput& extra : encodings.front()->extra_inputs) {
    batch.extra_inputs.push_back({extra.name, extra.width, {}});
  }
  for (std::size_t text = 0; text < encodings.size(); ++text) {
    const Encoding& encoding = *encodings[text];
    const std::size_t length = (*offsets)[text + 1] - (*offsets)[text];
    append(batch.input_ids, encoding.input_ids, length, 0);
    append(batch.token_type_ids, encoding.token_type_ids, length, 0);
    append(batch.attention_mask, encoding.attention_mask, length, 1);
    if (!encoding.position_ids.empty()) append(batch.position_ids, encoding.position_ids, length, 0);
    for (std::size_t i = 0; i < encoding.extra_inputs.size(); ++i) {
      const NamedInput& extra = encoding.extra_inputs[i];
      append_part(batch.extra_inputs[i].values, extra.values, length * extra.width);
      append_part(batch.extra_inputs[i].real_values, extra.real_values, length * extra.width);
    }
  }
  const bool holes =
      std::find(batch.attention_mask.begin(), batch.attention_mask.end(), 0) != batch.attention_mask.end();
  if (!holes) batch.attention_mask.clear();
  batch.row_offsets = std::move(offsets);
  return batch;
}

Batch make_batch(std::span<const Encoding> encodings, const BatchLimits& limits, bool keep_padding) {
  std::vector<const Encoding*> pointers;
  pointers.reserve(encodings.size());
  for (const Encoding& encoding : encodings) pointers.push_back(&encoding);
  return make_batch(std::span<const Encoding* const>(pointers), limits, keep_padding);
}

}  // namespace bertrt::batch
