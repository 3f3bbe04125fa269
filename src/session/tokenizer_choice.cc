#include "session/tokenizer_choice.h"

#include <array>
#include <system_error>

#include "base/plain_text.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt::session {

std::optional<Tokenizer> bundle_tokenizer(std::span<const std::string> names,
                                          const std::function<std::string_view(const std::string& name)>& read) {
  std::vector<Tokenizer::File> files;
  for (const std::string& name : names) {
    if (name.starts_with(kBundleTokenizer)) files.push_back({name.substr(kBundleTokenizer.size()), read(name)});
  }
  if (files.empty()) return std::nullopt;
  return Tokenizer::from_files(files);
}

std::optional<Tokenizer> tokenizer_beside(const std::filesystem::path& folder) {
  static constexpr std::array kNames = {"tokenizer.json", "vocab.txt"};
  for (const char* name : kNames) {
    const std::filesystem::path path = folder / name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return Tokenizer::load(path);
  }
  return std::nullopt;
}

std::optional<Tokenizer> choose_tokenizer(const model::ModelFile& file,
                                          const std::optional<std::filesystem::path>& folder,
                                          const SessionOptions& options) {
  if (!options.tokenizer.empty()) return Tokenizer::load(options.tokenizer);
  const auto read = [&](const std::string& name) { return *file.extra(name); };
  if (auto tokenizer = bundle_tokenizer(file.extra_names(), read)) return tokenizer;
  return folder ? tokenizer_beside(*folder) : std::nullopt;
}

std::vector<std::int32_t> special_ids_of(const Tokenizer& tokenizer) {
  const SpecialTokenIds& ids = tokenizer.special_tokens();
  return {ids.cls, ids.mask, ids.sep, ids.unk};
}

std::string why_no_row(const std::optional<Tokenizer>& tokenizer, std::size_t embedding_rows) {
  if (!tokenizer || embedding_rows == 0 || tokenizer->vocab_size() <= embedding_rows) return {};
  return "the word embedding has " + std::to_string(embedding_rows) + " rows, the tokenizer ids up to " +
         std::to_string(tokenizer->vocab_size() - 1);
}

std::optional<std::string> check_vocabulary(const Tokenizer& tokenizer, std::size_t embedding_rows,
                                            const std::string& model_name) {
  const std::string why = why_no_row(tokenizer, embedding_rows);
  if (why.empty()) return std::nullopt;
  if (const auto own = Access::impl(tokenizer).own_token_from(embedding_rows)) {
    throw Error(ErrorCode::model_mismatch, model_name,
                "a vocabulary of at most " + std::to_string(embedding_rows) + " tokens (rows of the word embedding)",
                std::to_string(tokenizer.vocab_size()) + " in the tokenizer, of which \"" +
                    base::printable(*tokenizer.id_to_token(*own)) + "\" (" + std::to_string(*own) +
                    ") is no added one");
  }
  for (std::size_t first = embedding_rows; first < tokenizer.vocab_size(); ++first) {
    const auto token = tokenizer.id_to_token(static_cast<std::int32_t>(first));
    if (!token) continue;
    return "tokenizer: " + why + ": texts with an added token that has no row, from \"" + base::printable(*token) +
           "\" (" + std::to_string(first) + ") on, are errors";
  }
  return std::nullopt;  // ids that no token has
}

}  // namespace bertrt::session
