# shellcheck shell=bash
# gocker load: take the images of an archive into the local store
#
#   gocker load [OPTION]...
#
# The archive is one of docker save, podman save, skopeo or gocker save, plain or packed with gzip or
# zstd; without --input it comes from standard input. Prints the names of the images.

become_image load "$@"
