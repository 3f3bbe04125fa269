#!/usr/bin/env bash
# Builds everything and runs every test. Without a libtorch, which it tries to get, the tests of the torchscript module
# are left out and it says so; BERTRT_TORCHSCRIPT=ON makes that an error.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_packages tests
install_torch
# What measures is not run here, but must go on compiling.
configure -DBERTRT_BUILD_TESTS=ON -DBERTRT_BUILD_BENCHMARKS=ON
compile

say "test: ctest, 2 at a time (all of its output: build/test.log)"
# Two programs at a time share the cores: waiting threads must not spin.
export OMP_WAIT_POLICY=PASSIVE
ctest --test-dir "$build" --parallel 2 --output-on-failure 2>&1 | tee "$build/test.log" |
  { grep -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* Passed ' || true; }
