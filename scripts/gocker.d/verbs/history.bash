# shellcheck shell=bash
# gocker history: show the steps that an image was made by
#
#   gocker history [--no-trunc] IMAGE

if ((!$#)); then die "history: which image? gocker images lists them"; fi
become_image history "$@"
