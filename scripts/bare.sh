#!/usr/bin/env bash
# Runs demo.sh, and with --test also test.sh, on a machine that has nothing: a bare Debian in a folder.
#
#   scripts/bare.sh bookworm|trixie FOLDER [--test]        as root, with debootstrap
#
# Packages and wheels come in there as they do here: apt's and pip's settings are taken along, so is what they refer to
# under /etc. The sources are those of the commit that is checked out. The folder stays; remove it when you are done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

release=${1:?release} folder=${2:?folder} test=${3:-}
[ "$(id -u)" = 0 ] || { echo "bare.sh: chroot needs root" >&2; exit 1; }
mirror=${BERTRT_DEBIAN_MIRROR:-$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -n 1)}

if [ ! -d "$folder/etc/apt" ]; then
  debootstrap --variant=minbase "$release" "$folder" "$mirror"
fi
printf 'deb %s %s main\n' "$mirror" "$release" >"$folder/etc/apt/sources.list"
for path in /etc/apt/apt.conf.d /etc/apt/auth.conf.d /etc/pip.conf /etc/xdg/pip /etc/resolv.conf /etc/hosts \
  /etc/ssl/certs ${BERTRT_BARE_PATHS:-}; do
  if [ -e "$path" ]; then
    mkdir -p "$folder$(dirname "$path")"
    cp -rL --remove-destination "$path" "$folder$(dirname "$path")/"
  fi
done

rm -rf "$folder/bertrt"
mkdir "$folder/bertrt"
git archive HEAD | tar -x -C "$folder/bertrt"

mounted=()
cleanup() { for path in "${mounted[@]}"; do umount "$path"; done; }
trap cleanup EXIT
mount -t proc proc "$folder/proc" && mounted+=("$folder/proc")

# Nothing of this shell's environment but how packages are fetched.
mapfile -t fetching < <(env | grep -E '^(PIP_|BERTRT_|(https?|no)_proxy=|SSL_CERT)' || true)

inside() {
  local begin=$SECONDS status=0
  echo "bare.sh: $release: $*"
  chroot "$folder" /usr/bin/env -i "${fetching[@]}" HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "cd /bertrt && $*" ||
    status=$?
  echo "bare.sh: $release: $* ended with $status after $((SECONDS - begin)) s"
  return $status
}
inside ./scripts/demo.sh
[ "$test" != --test ] || inside ./scripts/test.sh
