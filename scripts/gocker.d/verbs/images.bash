# shellcheck shell=bash
# gocker images: list the images in the local store
#
#   gocker images [OPTION]...
#
# Options are those of gocker-image images (gocker-image images --help).

exec "${gocker_image[@]}" images "$@"
