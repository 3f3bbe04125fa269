#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "bertrt/tokenizer.h"

namespace bertrt {
inline namespace v0 {
namespace {

/// A character that is not complete yet.
bool is_open(const std::string& text) { return text.ends_with("\xEF\xBF\xBD"); }

}  // namespace

DecodeStream::DecodeStream(Tokenizer tokenizer, bool skip_special_tokens)
    : tokenizer_(std::move(tokenizer)), skip_special_tokens_(skip_special_tokens) {}

std::string DecodeStream::step(std::int32_t id) {
  return base::or_out_of_memory("DecodeStream::step", [&]() -> std::string {
    if (prefix_.empty() && !ids_.empty()) {
      std::string text = tokenizer_.decode(ids_, skip_special_tokens_);
      if (!is_open(text)) {
        prefix_ = std::move(text);
        prefix_ids_ = ids_.size();
      }
    }
    // All that can fail comes before anything is changed: an id that is refused leaves no trace.
    std::vector<std::int32_t> ids = ids_;
    ids.push_back(id);
    const std::string text = tokenizer_.decode(ids, skip_special_tokens_);
    if (text.size() <= prefix_.size() || is_open(text)) {
      ids_ = std::move(ids);
      return {};
    }
    if (!text.starts_with(prefix_)) {
      throw Error(ErrorCode::runtime, "decode stream", "text that goes on from \"" + prefix_ + "\"",
                  "\"" + text + "\"");
    }
    std::string fresh = text.substr(prefix_.size());
    ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(prefix_ids_));
    prefix_ = tokenizer_.decode(ids, skip_special_tokens_);
    prefix_ids_ = ids.size();
    ids_ = std::move(ids);
    return fresh;
  });
}

}  // namespace v0
}  // namespace bertrt
