# shellcheck shell=bash
# gocker images: list the images in the local store
#
#   gocker images [OPTION]...

become_image images "$@"
