# shellcheck shell=bash
# gocker pause: freeze the processes of containers
#
#   gocker pause CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container pause "$@"
