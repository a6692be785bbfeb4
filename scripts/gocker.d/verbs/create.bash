# shellcheck shell=bash
# gocker create: make a container of an image that can be started
#
#   gocker create [OPTION]... IMAGE [COMMAND [ARGUMENT]...]
#
# Prints its ID. Pulls the image where it is not in the local store yet. "gocker create -name NAME
# -image IMAGE" is the same.

become_image container create "$@"
