#include "tokenizer/bpe/bpe_vocab.h"

#include <array>
#include <optional>
#include <utility>

#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"

namespace bertrt::tokenizer {
namespace {

// GPT-2's vocab.json has 20 bytes an entry, merges.txt 9; a little less makes the room that is reserved large enough.
constexpr std::size_t kVocabBytesAnEntry = 16;
constexpr std::size_t kMergesBytesAnEntry = 8;
// A line of merges that begins so is none, wherever it stands: in the file, and in a list of lines.
constexpr std::string_view kVersionLine = "#version";

/// Adds merges by rank, some at a time, so that their look-ups wait for memory together.
class MergeReader {
 public:
  /// @param prefix  bytes of continuing_subword_prefix, which the right token loses
  MergeReader(const std::string& where, const SubwordVocab& vocab, std::size_t prefix, BpeMerges& merges)
      : where_(where), vocab_(vocab), prefix_(prefix), merges_(merges) {}

  void add(std::string_view left, std::string_view right) {
    if (right.size() < prefix_) {
      throw Error(ErrorCode::invalid_format, where_of(count_), "a right token with the prefix of its kind",
                  "\"" + std::string(right) + "\"");
    }
    Pending& merge = pending_[count_];
    merge.text.assign(right.substr(0, prefix_));
    merge.text.append(left);
    merge.text.append(right.substr(prefix_));
    const std::string_view text = merge.text;
    if (prefix_ > 0) merge.right.assign(right);
    merge.tokens = {text.substr(prefix_, left.size()),
                    prefix_ > 0 ? std::string_view(merge.right) : text.substr(left.size()), text.substr(prefix_)};
    for (std::size_t i = 0; i < 3; ++i) {
      merge.hashes[i] = SubwordVocab::hash_of(merge.tokens[i]);
      vocab_.prefetch_slot(merge.hashes[i]);
    }
    if (++count_ == pending_.size()) flush();
  }
  /// "left right".
  void add(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      throw Error(ErrorCode::invalid_format, where_of(count_), "two tokens with a space between them",
                  "\"" + std::string(line) + "\"");
    }
    add(line.substr(0, space), line.substr(space + 1));
  }
  /// Must be called after the last one.
  void flush() {
    for (std::size_t i = 0; i < count_; ++i) {
      for (const std::uint32_t hash : pending_[i].hashes) vocab_.prefetch_text(hash);
    }
    for (std::size_t i = 0; i < count_; ++i) {
      Pending& merge = pending_[i];
      for (std::size_t k = 0; k < 3; ++k) merge.ids[k] = id_of(i, k);
      merges_.prefetch(merge.ids[0], merge.ids[1]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
      const auto& ids = pending_[i].ids;
      merges_.add(ids[0], ids[1], {rank_++, ids[2]});
    }
    count_ = 0;
  }

 private:
  struct Pending {
    std::string text;   ///< the right token's prefix, left and right, joined
    std::string right;  ///< with its prefix, where it has one
    std::array<std::string_view, 3> tokens;
    std::array<std::uint32_t, 3> hashes{};
    std::array<std::int32_t, 3> ids{};
  };

  std::string where_of(std::size_t pending) const { return where_ + ", merge " + std::to_string(rank_ + pending + 1); }
  std::int32_t id_of(std::size_t pending, std::size_t which) const {
    const Pending& merge = pending_[pending];
    const auto id = vocab_.find(merge.tokens[which], merge.hashes[which]);
    if (!id) {
      throw Error(ErrorCode::invalid_format, where_of(pending), "tokens of the vocabulary",
                  "\"" + std::string(merge.tokens[which]) + "\"");
    }
    return *id;
  }

  const std::string& where_;
  const SubwordVocab& vocab_;
  std::size_t prefix_;
  BpeMerges& merges_;
  std::uint32_t rank_ = 0;
  std::array<Pending, 32> pending_;
  std::size_t count_ = 0;
};

void read_merges_json(std::string_view bytes, const std::string& where, const SubwordVocab& vocab, std::size_t prefix,
                      BpeMerges& merges) {
  merges.reserve(bytes.size() / kVocabBytesAnEntry);
  MergeReader reader(where, vocab, prefix, merges);
  JsonCursor json(bytes, where);
  std::string left;
  std::string right;
  json.enter_array();
  while (json.next_element()) {
    if (json.peek() == '"') {
      json.read_string(left);
      if (!left.starts_with(kVersionLine)) reader.add(left);
      continue;
    }
    json.enter_array();
    if (!json.next_element()) json.fail("a pair of tokens");
    json.read_string(left);
    if (!json.next_element()) json.fail("a pair of tokens");
    json.read_string(right);
    if (json.next_element()) json.fail("a pair of tokens");
    reader.add(left, right);
  }
  reader.flush();
}

}  // namespace

void read_vocab_json(std::string_view bytes, const std::string& where, SubwordVocab& vocab) {
  vocab.reserve(bytes.size() / kVocabBytesAnEntry, bytes.size() / 2);
  JsonCursor json(bytes, where);
  // Some entries are read ahead, so that their places in the table are at hand when they are added.
  std::array<std::pair<std::string, std::int64_t>, 16> ahead;
  std::size_t count = 0;
  const auto flush = [&] {
    for (std::size_t i = 0; i < count; ++i) vocab.add(ahead[i].first, ahead[i].second, where);
    count = 0;
  };
  json.enter_object();
  while (json.next_key(ahead[count].first)) {
    ahead[count].second = json.read_integer();
    vocab.prefetch_slot(SubwordVocab::hash_of(ahead[count].first));
    if (++count == ahead.size()) flush();
  }
  flush();
  if (!json.at_end()) json.fail("the end of the file");
}

void read_merges_txt(std::string_view bytes, const std::string& where, const SubwordVocab& vocab, BpeMerges& merges) {
  merges.reserve(bytes.size() / kMergesBytesAnEntry);
  MergeReader reader(where, vocab, 0, merges);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(kVersionLine)) continue;  // an empty line is an error, as there
    reader.add(line);
  }
  reader.flush();
}

void read_bpe_json(std::string_view model, const std::string& where, BpeSpec& spec) {
  std::optional<std::string_view> vocab;
  std::optional<std::string_view> merges;
  JsonCursor json(model, where);
  std::string key;
  const auto read_text = [&](std::string& text) {
    if (json.peek() == 'n') {
      json.skip_value();
      text.clear();
    } else {
      json.read_string(text);
    }
  };
  json.enter_object();
  while (json.next_key(key)) {
    if (key == "vocab") {
      vocab = json.skip_value();
    } else if (key == "merges") {
      merges = json.skip_value();
    } else if (key == "unk_token") {
      if (json.peek() == 'n') {
        json.skip_value();
      } else {
        json.read_string(spec.unk_token.emplace());
      }
    } else if (key == "fuse_unk") {
      spec.fuse_unk = json.read_flag(false);
    } else if (key == "ignore_merges") {
      spec.ignore_merges = json.read_flag(false);
    } else if (key == "byte_fallback") {
      spec.byte_fallback = json.read_flag(false);
    } else if (key == "continuing_subword_prefix") {
      read_text(spec.prefix);
    } else if (key == "end_of_word_suffix") {
      read_text(spec.suffix);
    } else if (key == "dropout") {
      if (json.peek() == 'n') {
        json.skip_value();
      } else if (const double dropout = json.read_number(JsonReader::tokenizers); dropout != 0) {
        throw Error(ErrorCode::unsupported, where, "no dropout, which makes tokens random", std::to_string(dropout));
      }
    } else if (key == "type") {
      json.skip_value();
    } else {
      json.refuse_key(key);
    }
  }
  if (!vocab || !merges) throw Error(ErrorCode::invalid_format, where, "a vocab and merges of BPE", "less");
  if (spec.byte_fallback && (!spec.prefix.empty() || !spec.suffix.empty())) {
    // Hugging Face counts the bytes of prefix and suffix into the text: its offsets leave it.
    throw Error(ErrorCode::unsupported, where, "byte_fallback without a prefix or a suffix", spec.prefix + spec.suffix);
  }
  read_vocab_json(*vocab, where, spec.vocab);
  read_merges_json(*merges, where, spec.vocab, spec.prefix.size(), spec.merges);
}

}  // namespace bertrt::tokenizer
