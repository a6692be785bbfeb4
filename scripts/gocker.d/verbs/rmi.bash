# shellcheck shell=bash
# gocker rmi: remove images from the local store
#
#   gocker rmi [OPTION]... IMAGE...
#
# An image that a container uses stays: remove the container first (gocker rm).

if ((!$#)); then die "rmi: which image? gocker images lists them"; fi
become_image rm "$@"
