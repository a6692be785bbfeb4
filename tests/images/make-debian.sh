#!/bin/bash
# Makes an OCI image layout with a minimal Debian from Debian's own packages.
#
#   make-debian.sh LAYOUT [gzip|zstd|none]
#
# LAYOUT gets the image "debian". The packages are fetched once: the tar archive of the root file
# system is kept as debian-bookworm.tar in the directory $GOCKER_TEST_CACHE (default: ./cache beside
# LAYOUT). $GOCKER_DEBIAN_MIRROR is where they come from (default: debootstrap's own choice).
set -euo pipefail

layout=$1
compression=${2:-gzip}
here=$(dirname "$(readlink -f "$0")")
cache=${GOCKER_TEST_CACHE:-$(dirname "$(readlink -m "$layout")")/cache}
archive=$cache/debian-bookworm.tar

make_archive() {
  local work
  work=$(mktemp -d "${TMPDIR:-/tmp}/gocker-debian-XXXXXX")
  # shellcheck disable=SC2064  # the directory of now
  trap "rm -rf --one-file-system '$work'" EXIT
  # Without a new mount namespace what debootstrap mounts would stay when it is interrupted.
  # shellcheck disable=SC2016  # the inner shell expands
  unshare --mount sh -c 'debootstrap --variant=minbase bookworm "$@" >"$0" 2>&1' \
    "$work/log" "$work/root" ${GOCKER_DEBIAN_MIRROR:+"$GOCKER_DEBIAN_MIRROR"} ||
    { tail -20 "$work/log" >&2; return 1; }
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
  tar --create --directory="$work/root" --file="$archive.new" --format=pax --numeric-owner \
    --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*' --sort=name \
    --exclude='./proc/*' --exclude='./sys/*' .
  mv "$archive.new" "$archive"
}

mkdir -p "$cache"
# Two runs at once make it once.
exec 9>"$cache/debian-bookworm.lock"
flock 9
[ -e "$archive" ] || make_archive
"$here/oci_layout.py" "$layout" debian "$compression" - "$archive"
