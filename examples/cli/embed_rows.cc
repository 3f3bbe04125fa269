#include "embed_rows.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "json.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

constexpr std::size_t kShown = 8;

std::vector<int> values_of(const QuantizedMatrix& vectors, std::size_t row) {
  std::vector<int> values(vectors.row_bytes);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = vectors.value(row, i);
  return values;
}

std::string title(std::string_view text) { return bold(printable(text)) + '\n'; }

}  // namespace

std::string dense_json(std::span<const float> vector) {
  std::string out;
  JsonWriter(out).begin_object().key("embedding").array(vector).end_object();
  return out + '\n';
}

std::string dense_json(const QuantizedMatrix& vectors, std::size_t row) {
  std::string out;
  const std::vector<int> values = values_of(vectors, row);
  JsonWriter(out).begin_object().key("embedding").array(std::span<const int>(values)).end_object();
  return out + '\n';
}

std::string sparse_json(std::span<const SparseToken> tokens) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("tokens").begin_array();
  for (const SparseToken& token : tokens) {
    writer.begin_object().key("token").value(token.token).key("token_id").value(token.token_id);
    writer.key("weight").value(token.weight).end_object();
  }
  writer.end_array().end_object();
  return out + '\n';
}

std::string rows_json(const Matrix& rows) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("shape").begin_array().value(rows.rows).value(rows.cols).end_array();
  writer.key("data").array(std::span<const float>(rows.data)).end_object();
  return out + '\n';
}

std::string dense_text(std::string_view text, std::span<const float> vector) {
  return title(text) + "  [" + std::to_string(vector.size()) + "]" + first_values(vector, kShown) + '\n';
}

std::string dense_text(std::string_view text, const QuantizedMatrix& vectors, std::size_t row) {
  std::string line = title(text) + "  [" + std::to_string(vectors.row_bytes) + "]";
  const std::vector<int> values = values_of(vectors, row);
  for (std::size_t i = 0; i < std::min(2 * kShown, values.size()); ++i) line += ' ' + std::to_string(values[i]);
  return line + (values.size() > 2 * kShown ? "  …\n" : "\n");
}

std::string sparse_text(std::string_view text, std::span<const SparseToken> tokens) {
  constexpr std::size_t kTokens = 20;
  std::string lines = title(text) + "  " + std::to_string(tokens.size()) + " tokens have a weight\n";
  for (const SparseToken& token : tokens.first(std::min(kTokens, tokens.size()))) {
    const double share = tokens.front().weight > 0 ? static_cast<double>(token.weight / tokens.front().weight) : 0;
    lines += "    " + pad_right(printable(token.token), 20) + number_text(token.weight) + "  " + bar(share, 20) + '\n';
  }
  return lines + (tokens.size() > kTokens ? "    …\n" : "");
}

std::string rows_text(std::string_view text, const Matrix& rows) {
  std::string lines = title(text) + "  [" + std::to_string(rows.rows) + ", " + std::to_string(rows.cols) + "]\n";
  for (std::size_t i = 0; i < rows.rows; ++i) lines += "    " + first_values(rows.row(i), kShown) + '\n';
  return lines;
}

std::string raw(std::span<const float> vector) {
  std::string bytes(vector.size() * sizeof(float), '\0');
  if (!vector.empty()) std::memcpy(bytes.data(), vector.data(), bytes.size());
  return bytes;
}

std::string raw(const QuantizedMatrix& vectors, std::size_t row) {
  const std::span<const std::uint8_t> bytes = vectors.row(row);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace bertrt::cli
