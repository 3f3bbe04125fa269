#!/usr/bin/env bash
# What the tests do not see: check.sh [format] [tidy] [asan] [tsan] [fuzz] [clang] [aarch64] [docs]; without a name, all
# of them.
#
#   format   every source file is as .clang-format has it
#   tidy     clang-tidy has nothing to say on files that differ from BERTRT_BASE (default: where this branch left
#            origin/main, else the commit before)
#   asan     the whole suite under the address and undefined-behaviour sanitizers
#   tsan     the whole suite under the thread sanitizer
#   fuzz     each fuzz target for BERTRT_FUZZ_SECONDS (60), clang
#   clang    everything builds with clang without a warning
#   aarch64  everything but the torchscript module, cross-compiled on Debian, and its tests under QEMU
#   docs     the pages of the public headers build without a warning (doxygen)
#
# Each has a build folder of its own (build-asan, …). Tools are taken by their plain names or with a version behind:
# CLANG_FORMAT, CLANG_TIDY, CLANGXX name others. A check whose tool is missing has failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

tool() { # tool VARIABLE NAME
  local name version
  if [ -n "${!1:-}" ]; then
    echo "${!1}"
    return
  fi
  for version in "" -19 -18 -17 -16 -15 -14; do
    name=$2$version
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "no $2 here ($1 names one)"
}

preset() { # preset NAME CMAKE_ARGUMENT…
  local name=$1 torch
  shift
  torch=$(torch_dir)
  set -- --preset "$name" "-DBERTRT_TORCHSCRIPT=$torchscript" ${torch:+"-DTorch_DIR=$torch"} "$@"
  command -v ccache >/dev/null && set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  # shellcheck disable=SC2086  # a list of words
  cmake "$@" ${BERTRT_CMAKE_ARGS:-}
}

check_format() {
  local format
  format=$(tool CLANG_FORMAT clang-format)
  git ls-files -z -- '*.h' '*.cc' | xargs -0 "$format" --dry-run -Werror
}

check_tidy() {
  local tidy base files
  tidy=$(tool CLANG_TIDY clang-tidy)
  base=${BERTRT_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1)}
  mapfile -t files < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'examples/*.cc' 'tests/*.cc')
  if [ "${#files[@]}" = 0 ]; then
    say "tidy: no file differs from $base"
    return
  fi
  # Without the module: its precompiled header is of another compiler.
  preset tidy -DBERTRT_TORCHSCRIPT=OFF
  mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -v -e torchscript -e scale_operator)
  printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(jobs)" "$tidy" -p build-tidy --quiet --warnings-as-errors='*'
}

check_suite() { # check_suite PRESET
  preset "$1"
  cmake --build --preset "$1" --parallel "$(jobs)"
  OMP_WAIT_POLICY=PASSIVE ctest --preset "$1" --parallel 2 -E '^consumer\.'
}

check_fuzz() {
  local compiler target
  compiler=$(tool CLANGXX clang++)
  torchscript=OFF preset fuzz "-DCMAKE_CXX_COMPILER=$compiler"
  cmake --build --preset fuzz --parallel "$(jobs)"
  for target in build-fuzz/fuzz/*_fuzz; do
    say "fuzz: $target, ${BERTRT_FUZZ_SECONDS:-60} s"
    mkdir -p "build-fuzz/corpus/$(basename "$target")"
    (cd build-fuzz && "./fuzz/$(basename "$target")" "-max_total_time=${BERTRT_FUZZ_SECONDS:-60}" -timeout=10 \
      -rss_limit_mb=4096 -print_final_stats=1 "corpus/$(basename "$target")")
  done
}

check_clang() {
  preset clang "-DCMAKE_CXX_COMPILER=$(tool CLANGXX clang++)"
  cmake --build --preset clang --parallel "$(jobs)"
}

# The libraries of the other processor come from its packages, unpacked into a folder: nothing is installed.
aarch64_root() { # aarch64_root FOLDER
  local options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$1/state"
    -o "Dir::State::status=$1/state/status" -o "Dir::Cache=$1/cache" -o APT::Sandbox::User=) package
  mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" "$1/packages" "$1/root"
  touch "$1/state/status"
  apt-get "${options[@]}" update
  (cd "$1/packages" && apt-get "${options[@]}" download zlib1g zlib1g-dev libhwy1 libhwy-dev libonig5 libonig-dev \
    libgtest-dev libgmock-dev googletest nlohmann-json3-dev libcli11-dev)
  for package in "$1"/packages/*.deb; do dpkg -x "$package" "$1/root"; done
}

check_aarch64() {
  local folder=$root/build-aarch64/debian libraries
  command -v aarch64-linux-gnu-g++ >/dev/null || fail "no aarch64-linux-gnu-g++ (Debian: g++-aarch64-linux-gnu)"
  # Some tests start programs themselves.
  [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || fail "QEMU does not run aarch64's programs (Debian: qemu-user-static)"
  [ -d "$folder/root/usr" ] || aarch64_root "$folder"
  set -- -S . -B build-aarch64 -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_TOOLCHAIN_FILE=$root/scripts/aarch64.cmake" \
    "-DBERTRT_AARCH64_ROOT=$folder/root" -DBERTRT_TORCHSCRIPT=OFF -DBERTRT_BUILD_TESTS=ON
  command -v ccache >/dev/null && set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  cmake "$@"
  cmake --build build-aarch64 --parallel "$(jobs)"
  libraries=$folder/root/usr/lib/aarch64-linux-gnu
  QEMU_LD_PREFIX=/usr/aarch64-linux-gnu QEMU_SET_ENV="LD_LIBRARY_PATH=$libraries" OMP_WAIT_POLICY=PASSIVE \
    ctest --test-dir build-aarch64 --parallel 2 --output-on-failure -E '^consumer\.'
}

check_docs() {
  local doxygen
  doxygen=$(tool DOXYGEN doxygen)
  "$doxygen" docs/Doxyfile
}

install_torch
if [ $# = 0 ]; then
  set -- format docs tidy asan tsan fuzz clang aarch64
fi
failed=
for check in "$@"; do
  begin=$SECONDS
  log=$build-checks/$check.log
  mkdir -p "$build-checks"
  say "$check: runs (its output: $log)"
  status=0
  # In a shell of its own: `set -e` is off in what a condition calls.
  case $check in
    format | docs | tidy | fuzz | clang | aarch64) (set -e; "check_$check") >"$log" 2>&1 & ;;
    asan | tsan) (set -e; check_suite "$check") >"$log" 2>&1 & ;;
    *) fail "no check is called $check" ;;
  esac
  wait $! || status=$?
  if [ $status = 0 ]; then
    say "$check: passed after $((SECONDS - begin)) s"
  else
    tail -n 40 "$log" >&2
    say "$check: FAILED after $((SECONDS - begin)) s"
    failed="$failed $check"
  fi
done
[ -z "$failed" ] || fail "failed:$failed"
