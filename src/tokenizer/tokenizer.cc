#include "bertrt/tokenizer.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt {
inline namespace v0 {
namespace {

using Input = tokenizer::TokenizerImpl::Input;

Tokenizer make(const tokenizer::TokenizerFiles& files) {
  return Tokenizer(std::make_shared<const tokenizer::TokenizerImpl>(tokenizer::load_tokenizer(files)));
}

}  // namespace

std::string_view to_string(Truncation truncation) noexcept {
  switch (truncation) {
    case Truncation::none: return "none";
    case Truncation::longest_first: return "longest_first";
    case Truncation::only_first: return "only_first";
    case Truncation::only_second: return "only_second";
  }
  return "unknown";
}

template <>
std::optional<Truncation> parse(std::string_view name) noexcept {
  using enum Truncation;
  return base::find_by_name({none, longest_first, only_first, only_second}, name);
}

Tokenizer::Tokenizer(std::shared_ptr<const tokenizer::TokenizerImpl> impl) : impl_(std::move(impl)) {}

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  return base::or_out_of_memory("Tokenizer::load", [&] { return make(tokenizer::TokenizerFiles::read(path)); });
}

Tokenizer Tokenizer::from_files(std::span<const File> files) {
  return base::or_out_of_memory("Tokenizer::from_files", [&] { return make(tokenizer::TokenizerFiles(files)); });
}

const tokenizer::TokenizerImpl& Tokenizer::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "Tokenizer", "a loaded tokenizer", "one that was moved from");
  return *impl_;
}

EncodeOptions Tokenizer::limited(EncodeOptions options) const {
  base::check_named("EncodeOptions::truncation", options.truncation);
  if (options.max_length > 0 || options.truncation == Truncation::none) return options;
  const std::size_t of_files = model_max_length();
  options.max_length = model_max_length_ == 0 || of_files == 0 ? std::max(model_max_length_, of_files)
                                                               : std::min(model_max_length_, of_files);
  return options;
}

std::size_t Tokenizer::model_max_length() const noexcept { return impl_ ? impl_->config().model_max_length : 0; }

bool Tokenizer::types_are_input() const noexcept { return impl_ && impl_->config().types_are_input; }

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return base::or_out_of_memory("Tokenizer::encode", [&] {
    return impl().encode(Input{{&text, 1}}, nullptr, limited(options));
  });
}

Encoding Tokenizer::encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
  return base::or_out_of_memory("Tokenizer::encode", [&] {
    const Input second{{&pair, 1}};
    return impl().encode(Input{{&text, 1}}, &second, limited(options));
  });
}

Encoding Tokenizer::encode_words(std::span<const std::string_view> words, const EncodeOptions& options) const {
  return base::or_out_of_memory("Tokenizer::encode_words", [&] {
    return impl().encode(Input{words, true}, nullptr, limited(options));
  });
}

Encoding Tokenizer::encode_words(std::span<const std::string_view> words, std::span<const std::string_view> pair,
                                 const EncodeOptions& options) const {
  return base::or_out_of_memory("Tokenizer::encode_words", [&] {
    const Input second{pair, true};
    return impl().encode(Input{words, true}, &second, limited(options));
  });
}

void Tokenizer::encode_ids(std::string_view text, std::vector<std::int32_t>& ids, bool parse_special_tokens) const {
  base::or_out_of_memory("Tokenizer::encode_ids", [&] { impl().encode_ids(text, ids, parse_special_tokens); });
}

std::vector<Encoding> Tokenizer::encode_batch(std::span<const std::string> texts, const EncodeOptions& options,
                                              std::size_t num_threads) const {
  return base::or_out_of_memory("Tokenizer::encode_batch", [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return encode_batch(views, options, num_threads);
  });
}

std::vector<Encoding> Tokenizer::encode_batch(std::span<const std::string_view> texts, const EncodeOptions& options,
                                              std::size_t num_threads) const {
  return base::or_out_of_memory("Tokenizer::encode_batch", [&] {
    impl();  // one that was moved from says so, not its texts
    std::vector<Encoding> encodings(texts.size());
    const auto encode_numbered = [&](std::size_t text) {
      try {
        return encode(texts[text], options);
      } catch (const Error& error) {
        if (texts.size() == 1 || error.code() == ErrorCode::out_of_resources) throw;
        throw Error(error.code(), "text " + std::to_string(text) + ", " + error.where(), error.expected(),
                    error.found());
      }
    };
    // Small shares, taken as threads get free: texts differ in length.
    constexpr std::size_t kShare = 16;
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    std::size_t failed_at = texts.size();
    const auto work = [&] {
      for (std::size_t begin; (begin = next.fetch_add(kShare)) < texts.size();) {
        const std::size_t end = std::min(begin + kShare, texts.size());
        for (std::size_t i = begin; i < end; ++i) {
          try {
            encodings[i] = encode_numbered(i);
          } catch (...) {
            const std::lock_guard lock(mutex);
            if (i < failed_at) {  // the first text's error, whichever thread meets one first
              failed_at = i;
              failure = std::current_exception();
            }
            next.store(texts.size());
            return;
          }
        }
      }
    };
    const std::size_t shares = (texts.size() + kShare - 1) / kShare;
    std::vector<std::thread> helpers;
    try {
      helpers.reserve(std::min(num_threads, shares));  // so that no thread is lost where a later one cannot be kept
      for (std::size_t i = 1; i < std::min(num_threads, shares); ++i) helpers.emplace_back(work);
    } catch (const std::system_error&) {  // fewer threads than asked for do the same work
    } catch (const std::bad_alloc&) {     // likewise
    }
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
    return encodings;
  });
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  return base::or_out_of_memory("Tokenizer::decode", [&] { return impl().decode(ids, skip_special_tokens); });
}

std::vector<std::string> Tokenizer::decode_batch(std::span<const std::vector<std::int32_t>> ids,
                                                 bool skip_special_tokens) const {
  return base::or_out_of_memory("Tokenizer::decode_batch", [&] {
    (void)impl();  // an error without texts, too
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const std::vector<std::int32_t>& one : ids) texts.push_back(decode(one, skip_special_tokens));
    return texts;
  });
}

std::optional<std::string_view> Tokenizer::id_to_token(std::int32_t id) const { return impl().id_to_token(id); }

std::optional<std::int32_t> Tokenizer::token_to_id(std::string_view token) const {
  return base::or_out_of_memory("Tokenizer::token_to_id", [&] { return impl().token_to_id(token); });
}

std::vector<std::string_view> Tokenizer::tokens(const Encoding& encoding) const {
  return base::or_out_of_memory("Tokenizer::tokens", [&] {
    (void)impl();
    std::vector<std::string_view> tokens;
    tokens.reserve(encoding.size());
    for (const std::int32_t id : encoding.input_ids) tokens.push_back(id_to_token(id).value_or(""));
    return tokens;
  });
}

std::size_t Tokenizer::vocab_size() const noexcept { return impl_ ? impl_->vocab_size() : 0; }

const SpecialTokenIds& Tokenizer::special_tokens() const noexcept {
  static constexpr SpecialTokenIds kNone;
  return impl_ ? impl_->config().special : kNone;
}

std::string_view Tokenizer::family() const noexcept { return impl_ ? impl_->model().family() : std::string_view(); }

}  // namespace v0
}  // namespace bertrt
