#include "tokenizer/unigram/unigram_model.h"

#include <utility>

#include "text/gpt2_classes.h"
#include "text/utf8.h"
#include "tokenizer/piece_output.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";  // U+2581

}  // namespace

UnigramModel::UnigramModel(UnigramSpec spec) : words_(std::move(spec.pieces)), spec_(std::move(spec)) {
  if (!spec_.split_white_space || !spec_.normalizer.works_by_words() || spec_.prepend_scheme == PrependScheme::first)
    return;
  std::array<bool, 256> separates{};
  text::ChangeList changes;
  for (const char c : {'\t', '\n', '\v', '\f', '\r', ' '}) {
    text::NormalizedText sample;
    SubwordModel::normalize(std::string("a") + c + "b", {}, sample);
    spec_.normalizer.apply(sample, changes);
    const auto middle = sample.bytes.size() < 3 ? text::Decoded{'a', 1} : text::decode_utf8(sample.bytes, 1);
    separates[static_cast<unsigned char>(c)] =
        text::is_white_space(middle.code_point) && sample.bytes.size() == middle.length + 2;
  }
  cuts_ = std::make_unique<ChunkCuts>();
  cuts_->build(pieces_, spec_.normalizer, separates);
}

void UnigramModel::encode(std::string_view text, RunContext context, Pieces& pieces) const {
  Scratch scratch;
  bool done = false;
  if (cuts_ != nullptr) {
    PieceOutput output(pieces, expected_pieces(text));
    done = encode_chunks(text, context, scratch, output);
  }
  if (!done) encode_whole(text, context, scratch, pieces);
}

void UnigramModel::encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const {
  Scratch scratch;
  bool done = false;
  if (cuts_ != nullptr) {
    IdOutput output(ids, expected_pieces(text));
    done = encode_chunks(text, context, scratch, output);
  }
  if (done) return;
  Pieces pieces;
  encode_whole(text, context, scratch, pieces);
  ids.insert(ids.end(), pieces.ids.begin(), pieces.ids.end());
}

template <typename Output>
bool UnigramModel::encode_chunks(std::string_view text, RunContext context, Scratch& scratch, Output& output) const {
  WordCache& cache = (context.special_pieces ? caches_ : plain_caches_).mine();
  const auto make = [&](std::string_view chunk, std::uint8_t kind, Pieces& pieces) {
    SubwordModel::normalize(chunk, {}, scratch.text);
    if (!spec_.normalizer.apply(scratch.text, scratch.changes)) return false;
    const bool is_inner = kind == ChunkCuts::kInner;
    scratch.watches_ties = is_inner && cuts_->watches_ties();
    encode_words(scratch.text, context, scratch, pieces, is_inner);
    return !scratch.watches_ties || !scratch.has_near_tie;
  };
  const std::size_t mark = output.mark();
  TextWords words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t known = output.mark();
    std::size_t next = cuts_->cut(text, at, words);
    scratch.has_near_tie = false;
    bool done = cache.encode_words(text, at, words, scratch.pieces, output, make);
    if (!done && scratch.has_near_tie) {
      output.rewind(known);
      next = cuts_->cut_at_space(text, at, words);
      done = cache.encode_words(text, at, words, scratch.pieces, output, make);
    }
    if (!done) {
      output.rewind(mark);
      return false;
    }
    at = next;
  }
  return true;
}

void UnigramModel::encode_whole(std::string_view text, RunContext context, Scratch& scratch, Pieces& pieces) const {
  SubwordModel::normalize(text, {}, scratch.text);
  spec_.normalizer.apply(scratch.text, scratch.changes);
  encode_words(scratch.text, context, scratch, pieces);
}

void UnigramModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  text::ChangeList changes;
  SubwordModel::normalize(text, {}, normalized);
  spec_.normalizer.apply(normalized, changes);
}

void UnigramModel::encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const {
  Scratch scratch;
  SubwordModel::normalize(normalized, {}, scratch.text);
  encode_words(scratch.text, context, scratch, pieces);
}

void UnigramModel::encode_words(const text::NormalizedText& text, RunContext context, Scratch& scratch, Pieces& pieces,
                                bool goes_on) const {
  if (!spec_.split_white_space) {
    encode_word(text, 0, text.bytes.size(), context, scratch, pieces, goes_on);
    return;
  }
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.bytes.size();) {
    const text::Decoded c = text::decode_utf8(text.bytes, at);
    if (text::is_white_space(c.code_point)) {
      encode_word(text, begin, at, context, scratch, pieces, goes_on && begin == 0);
      begin = at + c.length;
    }
    at += c.length;
  }
  encode_word(text, begin, text.bytes.size(), context, scratch, pieces, goes_on && begin == 0);
}

void UnigramModel::encode_word(const text::NormalizedText& text, std::size_t begin, std::size_t end, RunContext context,
                               Scratch& scratch, Pieces& pieces, bool goes_on) const {
  if (begin == end) return;
  text::NormalizedText& word = scratch.word;
  word.clear();
  const bool marked = goes_on || text.bytes[begin] == ' ' || text.bytes.compare(begin, kMark.size(), kMark) == 0;
  const bool first = context.at_text_start && text.source[begin].begin < context.start_bytes;
  if (!marked &&
      (spec_.prepend_scheme == PrependScheme::always || (spec_.prepend_scheme == PrependScheme::first && first))) {
    // The mark stands where the word's first character stands.
    word.bytes.append(kMark);
    word.source.resize(kMark.size(), text.source[begin]);
  }
  for (std::size_t at = begin; at < end; ++at) {
    if (text.bytes[at] == ' ') {
      word.bytes.append(kMark);
      word.source.resize(word.bytes.size(), text.source[at]);
    } else {
      word.bytes.push_back(text.bytes[at]);
      word.source.push_back(text.source[at]);
    }
  }
  const UnigramLattice::Options options{pieces_.unk_id, pieces_.byte_fallback, context.special_pieces,
                                        scratch.watches_ties};
  const std::string_view bytes = word.bytes;
  for (std::size_t from = 0; from < bytes.size();) {
    const std::size_t mark = spec_.split_at_mark ? bytes.find(kMark, from + 1) : std::string_view::npos;
    const std::size_t to = mark == std::string_view::npos ? bytes.size() : mark;
    const std::size_t known = pieces.offsets.size();
    scratch.lattice.encode(pieces_.vocab, bytes.substr(from, to - from), options, pieces.ids, pieces.offsets);
    scratch.has_near_tie = scratch.has_near_tie || scratch.lattice.is_near_tie();
    for (std::size_t i = known; i < pieces.offsets.size(); ++i) {
      Offset& offset = pieces.offsets[i];
      offset = {word.source[from + offset.begin].begin, word.source[from + offset.end - 1].end};
    }
    from = to;
  }
}

}  // namespace bertrt::tokenizer
