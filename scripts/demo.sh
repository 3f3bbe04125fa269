#!/usr/bin/env bash
# Builds the command line and asks the demo model four questions. Needs no libtorch and installs none.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_packages no-tests
# A build folder that has the tests (test.sh) stays as it is.
if [ -f "$build/setup-arguments" ] && grep -q '^BERTRT_BUILD_TESTS:BOOL=ON' "$build/CMakeCache.txt" 2>/dev/null; then
  say "configure: done before"
else
  torchscript=OFF
  configure -DBERTRT_BUILD_TESTS=OFF
fi
compile bertrt_cli

ask() {
  printf '\n'
  "$build/bin/bertrt" fill-mask --top-k 3 "$@"
}
say "run: build/bin/bertrt fill-mask with models/demo.pt"
ask "Who was Jim Henson ?" "Jim [MASK] was a puppeteer"
ask "The President of the United [MASK] spoke to Congress."
ask "Bake in the [MASK] for thirty minutes."
ask "He was born in 1950 in New [MASK]."
