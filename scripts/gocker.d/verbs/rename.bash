# shellcheck shell=bash
# gocker rename: give a container another name
#
#   gocker rename CONTAINER NAME
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container rename "$@"
