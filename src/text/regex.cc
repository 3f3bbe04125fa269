#include "text/regex.h"

#include <oniguruma.h>

#include <mutex>
#include <optional>
#include <utility>

#include "bertrt/error.h"
#include "text/newer_characters.h"
#include "text/plain_classes.h"
#include "text/utf8.h"

namespace bertrt::text {
namespace {

// How often the search may step back. What known tokenizers' patterns need is far below; a pattern that needs more
// grows faster than its text. Most matches need less than kFree; what needs more is taken from the text's budget.
constexpr unsigned long kFree = 1000;
constexpr unsigned long kBudget = 1'000'000;
constexpr unsigned long kBudgetAByte = 64;
// Longer patterns, or deeper ones, are no tokenizer's.
constexpr std::size_t kMaxPattern = 16384;
constexpr unsigned kMaxDepth = 250;

const OnigUChar* bytes_of(std::string_view text) noexcept { return reinterpret_cast<const OnigUChar*>(text.data()); }

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    onig_set_parse_depth_limit(kMaxDepth);
  });
}

std::string message_of(int code, OnigErrorInfo* info) {
  OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN];
  const int length = onig_error_code_to_str(message, code, info);
  return {reinterpret_cast<const char*>(message), static_cast<std::size_t>(length)};
}

std::string quoted(std::string_view pattern) { return "\"" + std::string(pattern.substr(0, 80)) + "\": "; }

struct Region {
  OnigRegion* region = onig_region_new();
  ~Region() { onig_region_free(region, 1); }
};

/// One text's search, with its budget of steps back.
class Search {
 public:
  explicit Search(regex_t* regex, std::string_view text)
      : regex_(regex), text_(text), budget_(kBudget + kBudgetAByte * static_cast<unsigned long>(text.size())) {
    onig_initialize_match_param(param_);
  }
  ~Search() {
    onig_free_match_param(param_);
    onig_region_free(region_, 1);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  /// The first match at or behind `from`: Oniguruma's result.
  int find(std::size_t from) {
    for (unsigned long limit = kFree;; limit *= 8) {
      const int result = find_within(from, limit);
      const bool spent = result == ONIGERR_RETRY_LIMIT_IN_MATCH_OVER || result == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
      if (!spent || limit * 8 > budget_) return result;
      budget_ -= limit * 8;
    }
  }
  std::size_t begin() const { return static_cast<std::size_t>(region_->beg[0]); }
  std::size_t end() const { return static_cast<std::size_t>(region_->end[0]); }

 private:
  int find_within(std::size_t from, unsigned long limit) {
    onig_set_retry_limit_in_match_of_match_param(param_, limit);
    onig_set_retry_limit_in_search_of_match_param(param_, limit);
    onig_region_clear(region_);
    const OnigUChar* end = bytes_of(text_) + text_.size();
    return onig_search_with_param(regex_, bytes_of(text_), end, bytes_of(text_) + from, end, region_, ONIG_OPTION_NONE,
                                  param_);
  }

  regex_t* regex_;
  std::string_view text_;
  unsigned long budget_;
  OnigRegion* region_ = onig_region_new();
  OnigMatchParam* param_ = onig_new_match_param();
};

}  // namespace

struct Regex::Compiled {
  std::string pattern;
  bool is_literal = false;
  bool names_newer = false;  ///< a character of which the search should see itself
  regex_t* regex = nullptr;
  ~Compiled() {
    if (regex != nullptr) onig_free(regex);
  }
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Regex::Regex(std::string_view pattern, const std::string& where) : compiled_(std::make_unique<Compiled>()) {
  compiled_->pattern = pattern;
  std::string scratch;
  if (!is_valid_utf8(pattern)) throw Error(ErrorCode::invalid_format, where, "a pattern in UTF-8", "other bytes");
  compiled_->names_newer = with_older_characters(pattern, scratch).data() != pattern.data();
  if (pattern.size() > kMaxPattern) {
    throw Error(ErrorCode::invalid_format, where, "a pattern of at most " + std::to_string(kMaxPattern) + " bytes",
                std::to_string(pattern.size()));
  }
  initialize();
  const auto compile = [&](std::string_view written) {
    OnigErrorInfo info{};
    const int result = onig_new(&compiled_->regex, bytes_of(written), bytes_of(written) + written.size(),
                                ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_ONIGURUMA, &info);
    if (result != ONIG_NORMAL) {
      throw Error(ErrorCode::invalid_format, where, "a regular expression",
                  quoted(pattern) + message_of(result, &info));
    }
  };
  compile(pattern);  // what is no pattern is said of what the file has
  const std::optional<std::string> plain = with_plain_classes(pattern);
  if (!plain) {
    throw Error(ErrorCode::invalid_format, where,
                "[:punct:], \\p{Punct} and \\p{Word} without (?x), # and callouts beside them",
                quoted(pattern) + "which may have them");
  }
  if (*plain == pattern) return;
  onig_free(std::exchange(compiled_->regex, nullptr));
  compile(*plain);
}

Regex Regex::literal(std::string_view text) {
  auto compiled = std::make_unique<Compiled>();
  compiled->pattern = text;
  compiled->is_literal = true;
  return Regex(std::move(compiled));
}

const std::string& Regex::pattern() const noexcept { return compiled_->pattern; }

void Regex::find_all(std::string_view text, std::vector<Match>& matches) const {
  if (text.empty()) {
    matches.push_back({0, 0, false});
    return;
  }
  std::size_t previous = 0;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (previous != begin) matches.push_back({previous, begin, false});
    matches.push_back({begin, end, true});
    previous = end;
  };
  if (compiled_->is_literal && !compiled_->pattern.empty()) {
    const std::string& pattern = compiled_->pattern;
    for (std::size_t at = text.find(pattern); at != std::string_view::npos; at = text.find(pattern, previous)) {
      add(at, at + pattern.size());
    }
  } else if (compiled_->is_literal) {
    for (std::size_t at = 0; at < text.size(); at += decode_utf8(text, at).length) add(at, at);
    add(text.size(), text.size());
  } else {
    std::string scratch;
    Search search(compiled_->regex, compiled_->names_newer ? text : with_older_characters(text, scratch));
    bool has_last = false;
    for (std::size_t from = 0; from <= text.size();) {
      const int result = search.find(from);
      if (result == ONIG_MISMATCH) break;
      if (result < 0) {
        throw Error(ErrorCode::invalid_argument, "text",
                    "one that the tokenizer's pattern \"" + compiled_->pattern.substr(0, 80) + "\" can be matched with",
                    message_of(result, nullptr));
      }
      if (search.begin() == search.end() && has_last && search.begin() == previous) {
        from = previous + (previous < text.size() ? decode_utf8(text, previous).length : 1);
        continue;
      }
      add(search.begin(), search.end());
      has_last = true;
      from = previous;
    }
  }
  if (previous != text.size()) matches.push_back({previous, text.size(), false});
}

}  // namespace bertrt::text
