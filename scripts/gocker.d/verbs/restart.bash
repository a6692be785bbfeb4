# shellcheck shell=bash
# gocker restart: stop containers and start them again
#
#   gocker restart [OPTION]... CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container restart "$@"
