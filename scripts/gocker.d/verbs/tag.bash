# shellcheck shell=bash
# gocker tag: give an image another name too
#
#   gocker tag IMAGE NAME[:TAG]

if (($# != 2)); then die "tag: an image and its new name; gocker help tag tells more"; fi
become_image tag "$@"
