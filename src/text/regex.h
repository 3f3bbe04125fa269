#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::text {

/// A stretch of a text, and whether a pattern matched it.
struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool matched = true;
};

/// A regular expression in the syntax of the files (Oniguruma's, which Hugging Face tokenizers uses, too). Immutable:
/// every call may run on many threads at once.
///
/// A search that goes back too often for one text ends as an Error, so that no pattern of a file and no text can take
/// more than a bounded time for each byte.
class Regex {
 public:
  /// @throws Error invalid_format with `where` for a pattern that is none
  Regex(std::string_view pattern, const std::string& where);
  /// Matches `text` itself, whatever characters it has.
  static Regex literal(std::string_view text);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// Appends stretches that cover `text` (valid UTF-8) in order: matches, and what stands between them. An empty match
  /// right behind a match is passed over. A text that is empty gives one empty stretch that is no match.
  /// @throws Error invalid_argument where the search takes too long
  void find_all(std::string_view text, std::vector<Match>& matches) const;

  const std::string& pattern() const noexcept;

 private:
  struct Compiled;
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace bertrt::text
