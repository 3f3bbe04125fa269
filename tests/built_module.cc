// Test programs do not lie where modules are looked for. Whoever sets the variable himself tests with his own.
#include <cstdlib>

namespace {

[[maybe_unused]] const int kSet = setenv("BERTRT_MODULE_PATH", BERTRT_BUILT_MODULES, 0);

}  // namespace
