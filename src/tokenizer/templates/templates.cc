#include "tokenizer/templates/post_processor.h"

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;

}  // namespace

Template bert_template(std::int32_t cls, std::int32_t sep) {
  return {.single = {{Kind::special, cls, 0}, {Kind::first, -1, 0}, {Kind::special, sep, 0}},
          .pair = {{Kind::special, cls, 0},
                   {Kind::first, -1, 0},
                   {Kind::special, sep, 0},
                   {Kind::second, -1, 1},
                   {Kind::special, sep, 1}}};
}

Template roberta_template(std::int32_t cls, std::int32_t sep) {
  return {.single = {{Kind::special, cls, 0}, {Kind::first, -1, 0}, {Kind::special, sep, 0}},
          .pair = {{Kind::special, cls, 0},
                   {Kind::first, -1, 0},
                   {Kind::special, sep, 0},
                   {Kind::special, sep, 0},
                   {Kind::second, -1, 0},
                   {Kind::special, sep, 0}}};
}

}  // namespace bertrt::tokenizer
