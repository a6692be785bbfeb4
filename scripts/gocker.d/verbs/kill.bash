# shellcheck shell=bash
# gocker kill: send a signal to running containers
#
#   gocker kill [OPTION]... CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container kill "$@"
