# shellcheck shell=bash
# gocker save: write images of the local store to an archive
#
#   gocker save [OPTION]... IMAGE...
#
# docker, podman, skopeo and gocker load read it; without --output it goes to standard output.

if ((!$#)); then die "save: which image? gocker help save tells more"; fi
become_image save "$@"
