// The kinds of make_kinds.py on libtorch's interpreter: alone, and texts of several lengths in one batch.
#include "session/kinds.h"

namespace bertrt {
namespace {

TEST(Kinds, OnTorchScript) {
  // Recurrent layers are on no list of what libtorch may be given: it believes their weights' sizes.
  for (const kinds::Json& kind : kinds::kinds()) {
    if (kind["torchscript"]) kinds::expect_kind(kind, EngineKind::torchscript, Trust::full);
  }
}

}  // namespace
}  // namespace bertrt
