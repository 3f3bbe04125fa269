#include "tokenizer/unigram/unigram_words.h"

#include "tokenizer/piece_output.h"
#include "tokenizer/unigram/unigram_lattice.h"

namespace bertrt::tokenizer {

void UnigramWords::encode(std::string_view word, bool special_pieces, Pieces& pieces) const {
  WordCache& cache = (special_pieces ? caches_ : plain_caches_).mine();
  Pieces own;
  PieceOutput output(pieces, word.size() / 2 + 1);
  cache.encode(word, 0, own, output, [&](std::string_view whole, Pieces& made) {
    UnigramLattice lattice;
    lattice.encode(pieces_.vocab, whole, {pieces_.unk_id, pieces_.byte_fallback, special_pieces}, made.ids,
                   made.offsets);
    return true;
  });
}

}  // namespace bertrt::tokenizer
