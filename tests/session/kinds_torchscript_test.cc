// The kinds of make_kinds.py on libtorch's interpreter: alone, and texts of several lengths in one batch.
#include "session/kinds.h"

namespace bertrt {
namespace {

TEST(Kinds, OnTorchScript) {
  for (const kinds::Json& kind : kinds::kinds()) kinds::expect_kind(kind, EngineKind::torchscript);
}

}  // namespace
}  // namespace bertrt
