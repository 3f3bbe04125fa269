# Sourced by demo.sh and test.sh: gets what is missing, then configures and builds into build/.
# Each step says what it does in one line; a step whose work is done does none.
#
# What a user may set:
#   LIBTORCH                 an unpacked libtorch to use (also: Torch_DIR, CMAKE_PREFIX_PATH as CMake reads them)
#   BERTRT_TORCH_INDEX_URL   the package index to take libtorch from, if the usual one serves no CPU build
#   BERTRT_CMAKE_ARGS        further arguments for CMake
#   BERTRT_JOBS              compilers at a time

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
deps=$root/.deps
torch_version=2.13.0

# Without it ccache leaves alone whatever is compiled with a precompiled header.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf 'bertrt: %s\n' "$*"; }
fail() { printf 'bertrt: %s\n' "$*" >&2; exit 1; }

# ---- packages of the system ------------------------------------------------------------------------------------------

compiles_cxx20() { echo 'int main() { return [] <class T>(T x) { return x; }(0); }' |
  "${CXX:-c++}" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null; }

# missing_packages tests|no-tests: what is not here, by Debian's names. Asked of the tools themselves, not of dpkg:
# they may come from anywhere.
missing_packages() {
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || echo ninja-build
  compiles_cxx20 || echo g++
  command -v pkg-config >/dev/null || echo pkg-config
  local libraries="zlib:zlib1g-dev nlohmann_json:nlohmann-json3-dev libhwy:libhwy-dev oniguruma:libonig-dev CLI11:libcli11-dev" entry
  [ "$1" = tests ] && libraries="$libraries gtest:libgtest-dev gmock:libgmock-dev"
  for entry in $libraries; do
    pkg-config --exists "${entry%%:*}" 2>/dev/null || echo "${entry##*:}"
  done
  if [ -z "$(torch_dir)" ]; then
    command -v python3 >/dev/null || echo python3
    python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
  fi
}

install_packages() {
  local missing as_root=
  missing=$(missing_packages "$1" | tr '\n' ' ')
  missing=${missing% }
  if [ -z "$missing" ]; then
    say "packages: all here"
    return
  fi
  if ! command -v apt-get >/dev/null; then
    fail "missing (by their Debian names): $missing. Install them with this system's package manager and run this again."
  fi
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=sudo
    else
      fail "missing, and neither root nor sudo at hand. Ask for: apt-get install --no-install-recommends $missing"
    fi
  fi
  # Makes later builds quicker, so it comes along where packages are fetched anyway.
  [ "$1" = tests ] && ! command -v ccache >/dev/null && missing="$missing ccache"
  say "packages: installing $missing"
  mkdir -p "$deps"
  # shellcheck disable=SC2016  # $0 and $@ belong to the inner shell
  $as_root sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"' \
    apt $missing >"$deps/packages.log" 2>&1 ||
    { tail -n 5 "$deps/packages.log" >&2; fail "apt-get failed; its output is in $deps/packages.log"; }
}

# ---- libtorch --------------------------------------------------------------------------------------------------------

# Where the user's own libtorch, or else the one in .deps, has its CMake files; nothing when there is none.
torch_dir() {
  local prefix
  if [ -n "${LIBTORCH:-}" ]; then
    echo "$LIBTORCH/share/cmake/Torch"
    return
  fi
  if [ -n "${Torch_DIR:-}" ]; then
    echo "$Torch_DIR"
    return
  fi
  while IFS= read -r prefix; do
    for prefix in "$prefix/share/cmake/Torch" "$prefix/Torch" "$prefix"; do
      if [ -f "$prefix/TorchConfig.cmake" ]; then
        echo "$prefix"
        return
      fi
    done
  done < <(printf '%s\n' "${CMAKE_PREFIX_PATH:-}" | tr ':;' '\n\n' | sed '/^$/d')
  prefix=$deps/torch-$torch_version/torch/share/cmake/Torch
  [ -f "$prefix/TorchConfig.cmake" ] && echo "$prefix"
  return 0
}

is_cpu_build() {
  grep -Eq "^cuda.*= None" "$1/torch/version.py" && ! ls "$1"/torch/lib/libtorch_cuda* >/dev/null 2>&1 &&
    [ -f "$1/torch/share/cmake/Torch/TorchConfig.cmake" ]
}

pip_install() { # pip_install FOLDER REQUIREMENT [MORE…]
  local folder=$1 requirement=$2
  shift 2
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 python3 -m pip install --no-deps --no-compile --only-binary=:all: --no-input \
    --disable-pip-version-check ${BERTRT_TORCH_INDEX_URL:+--index-url "$BERTRT_TORCH_INDEX_URL"} \
    --target "$folder" "$@" "$requirement"
}

# Asks what the index would serve, before a wheel of gigabytes is on its way. A pip too old for the question says no;
# what came is looked at in any case.
would_be_cuda_build() {
  pip_install "$1" "$2" --dry-run --quiet --report "$deps/torch-report.json" >>"$deps/torch.log" 2>&1 &&
    python3 - "$deps/torch-report.json" <<'PYTHON'
import json, sys
needs = json.load(open(sys.argv[1]))["install"][0]["metadata"].get("requires_dist") or []
sys.exit(0 if any(need.startswith(("nvidia-", "cuda-")) for need in needs) else 1)
PYTHON
}

install_torch() {
  local given folder=$deps/torch-$torch_version advice
  given=$(torch_dir)
  if [ -n "$given" ]; then
    [ -f "$given/TorchConfig.cmake" ] || fail "no libtorch at $given (LIBTORCH is the folder that holds include, lib, share)"
    say "libtorch: using $given"
    return
  fi
  advice="Set BERTRT_TORCH_INDEX_URL to a package index of CPU builds (the install page of pytorch.org names it), or LIBTORCH to an unpacked CPU libtorch."
  say "libtorch: installing the CPU build of torch $torch_version into .deps"
  mkdir -p "$deps"
  : >"$deps/torch.log"
  rm -rf "$folder" "$folder.part"
  # An index of CPU builds names them so; elsewhere (macOS, aarch64) the plain name is the CPU build.
  if ! pip_install "$folder.part" "torch==$torch_version+cpu" >>"$deps/torch.log" 2>&1; then
    if would_be_cuda_build "$folder.part" "torch==$torch_version"; then
      fail "the package index serves a CUDA build of torch $torch_version. $advice"
    fi
    pip_install "$folder.part" "torch==$torch_version" >>"$deps/torch.log" 2>&1 ||
      { tail -n 3 "$deps/torch.log" >&2; fail "pip could not install torch $torch_version (log: $deps/torch.log). $advice"; }
  fi
  if ! is_cpu_build "$folder.part"; then
    rm -rf "$folder.part"
    fail "what came was no CPU build of torch $torch_version; it is removed again. $advice"
  fi
  mv "$folder.part" "$folder"
}

# ---- build -----------------------------------------------------------------------------------------------------------

jobs() {
  local cores memory
  cores=$(getconf _NPROCESSORS_ONLN)
  # A file that includes libtorch takes up to 2 GB to compile.
  memory=$(awk '/^MemAvailable/ { print int($2 / 2000000) }' /proc/meminfo 2>/dev/null || true)
  [ -n "$memory" ] && [ "$memory" -lt "$cores" ] && cores=$memory
  [ "$cores" -ge 1 ] || cores=1
  echo "${BERTRT_JOBS:-$cores}"
}

configure() { # configure CMAKE_ARGUMENT…
  local torch place
  torch=$(cd "$(torch_dir)" && pwd)  # CMake would not read a relative path as the shell does
  place="$root $torch"
  set -- -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DTorch_DIR=$torch" "$@"
  command -v ccache >/dev/null && set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  # shellcheck disable=SC2086  # a list of words
  set -- "$@" ${BERTRT_CMAKE_ARGS:-}
  mkdir -p "$build"
  if [ -f "$build/build.ninja" ] && [ "$(cat "$build/setup-arguments" 2>/dev/null)" = "$*" ]; then
    say "configure: done before"
    return
  fi
  # CMake's cache remembers libraries of the libtorch that it saw first.
  [ "$(cat "$build/setup-place" 2>/dev/null)" = "$place" ] || rm -f "$build/CMakeCache.txt"
  say "configure: into build/"
  rm -f "$build/setup-arguments"
  cmake "$@" >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; fail "CMake failed"; }
  printf '%s\n' "$place" >"$build/setup-place"
  printf '%s\n' "$*" >"$build/setup-arguments"
}

compile() { # compile [TARGET]
  say "build: ${1:-everything}, $(jobs) at a time (the first time takes minutes)"
  if [ -t 1 ]; then
    cmake --build "$build" --parallel "$(jobs)" ${1:+--target "$1"} || fail "the build failed"
  else
    cmake --build "$build" --parallel "$(jobs)" ${1:+--target "$1"} >"$build/build.log" 2>&1 ||
      { grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$build/build.log" | tail -n 60 >&2; fail "the build failed"; }
  fi
}
