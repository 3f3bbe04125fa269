#!/usr/bin/env bash
# Runs demo.sh, and with --test also test.sh, on a machine that has nothing: a bare Debian in a folder.
#
#   scripts/bare.sh bookworm|trixie FOLDER [--test] [--user]        as root, with debootstrap
#
# --user does the same once more as somebody who is not root and has no sudo, the packages being there by then.
#
# Packages and wheels come in there as they do here: apt's and pip's settings are taken along, so is what they refer to
# under /etc. The sources are those of the commit that is checked out. The folder stays; remove it when you are done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

release=${1:?release} folder=${2:?folder}
shift 2
test='' user=''
for option in "$@"; do
  case $option in
    --test) test=1 ;;
    --user) user=1 ;;
    *) echo "bare.sh: expected --test or --user, found $option" >&2; exit 2 ;;
  esac
done
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

place() { # place HOME: the sources
  rm -rf "$folder$1/bertrt"
  mkdir -p "$folder$1/bertrt"
  git archive HEAD | tar -x -C "$folder$1/bertrt"
}

mounted=()
cleanup() { for path in "${mounted[@]}"; do umount "$path"; done; }
trap cleanup EXIT
mount -t proc proc "$folder/proc" && mounted+=("$folder/proc")

# Nothing of this shell's environment but how packages are fetched.
mapfile -t fetching < <(env | grep -E '^(PIP_|BERTRT_|(https?|no)_proxy=|SSL_CERT)' || true)

inside() { # inside NAME HOME COMMAND
  local begin=$SECONDS status=0
  echo "bare.sh: $release, $1: $3"
  chroot --userspec="$1:" "$folder" /usr/bin/env -i "${fetching[@]}" "HOME=$2" LANG=C.UTF-8 \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd $2/bertrt && $3" || status=$?
  echo "bare.sh: $release, $1: $3 ended with $status after $((SECONDS - begin)) s"
  return $status
}
both() { # both NAME HOME
  place "$2"
  [ "$1" = root ] || chroot "$folder" chown -R "$1:" "$2/bertrt"
  inside "$1" "$2" ./scripts/demo.sh
  [ -z "$test" ] || inside "$1" "$2" ./scripts/test.sh
}

both root /root
if [ -n "$user" ]; then
  chroot "$folder" id somebody >/dev/null 2>&1 || chroot "$folder" useradd --create-home somebody
  both somebody /home/somebody
fi
