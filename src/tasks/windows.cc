#include "tasks/windows.h"

#include <algorithm>
#include <utility>

#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/token_batches.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt::tasks {
namespace {

class Batches {
 public:
  Batches(const BertSession& session, const RunRequest& request, const std::function<void(const WindowOutput&)>& take)
      : session_(session), request_(request), take_(take) {}

  void add(std::size_t text, std::size_t window, Encoding encoding) {
    if (tokens_ + encoding.size() > kBatchTokens) flush();
    tokens_ += encoding.size();
    places_.emplace_back(text, window);
    encodings_.push_back(std::move(encoding));
  }

  void flush() {
    if (encodings_.empty()) return;
    const EncoderOutput output = session_.run(encodings_, request_);
    for (std::size_t row = 0; row < encodings_.size(); ++row) {
      take_({places_[row].first, places_[row].second, encodings_[row], output, row});
    }
    places_.clear();
    encodings_.clear();
    tokens_ = 0;
  }

 private:
  const BertSession& session_;
  const RunRequest& request_;
  const std::function<void(const WindowOutput&)>& take_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;
  std::vector<Encoding> encodings_;
  std::size_t tokens_ = 0;
};

}  // namespace

void drop_types(const Tokenizer& tokenizer, Encoding& encoding) {
  if (!tokenizer.types_are_input()) encoding.token_type_ids.clear();
}

bool pads_left(const Tokenizer& tokenizer) {
  return session::Access::impl(tokenizer).config().padding_side == tokenizer::Side::left;
}

std::vector<Encoding> windows_of(Encoding encoding) {
  std::vector<Encoding> windows(1);
  std::vector<Encoding> overflow = std::exchange(encoding.overflowing, {});
  windows.front() = std::move(encoding);
  windows.insert(windows.end(), std::make_move_iterator(overflow.begin()), std::make_move_iterator(overflow.end()));
  return windows;
}

void run_windows(const BertSession& session, const RunRequest& request, std::size_t texts,
                 const std::function<std::vector<Encoding>(std::size_t)>& windows,
                 const std::function<void(const WindowOutput&)>& take, std::size_t runs) {
  const std::size_t longest = session.info().max_length;
  Batches batches(session, request, take);
  for (std::size_t text = 0; text < texts; ++text) {
    std::vector<Encoding> own;
    try {
      own = windows(text);
      for (const Encoding& window : own) {
        // Said here, where the text's number is known.
        if (longest == 0 || window.size() <= longest) continue;
        throw Error(ErrorCode::input_too_long, "text",
                    "at most " + std::to_string(longest) + " tokens, special ones included",
                    std::to_string(window.size()));
      }
    } catch (const Error& error) {
      if (texts == runs) throw;
      throw Error(error.code(), "text " + std::to_string(text / runs) + ", " + error.where(), error.expected(),
                  error.found());
    }
    for (std::size_t window = 0; window < own.size(); ++window) {
      drop_types(session.tokenizer(), own[window]);
      batches.add(text, window, std::move(own[window]));
    }
  }
  batches.flush();
}

std::size_t length_limit(const BertSession& session, std::size_t asked, const char* option) {
  const std::size_t most = session.info().max_length;
  if (most != 0 && asked > most) {
    throw Error(ErrorCode::invalid_argument, option, "at most " + std::to_string(most) + " tokens (the model's limit)",
                std::to_string(asked));
  }
  const std::size_t own = asked == 0 ? session.tokenizer().model_max_length() : asked;
  return own == 0 ? most : most == 0 ? own : std::min(own, most);
}

}  // namespace bertrt::tasks
