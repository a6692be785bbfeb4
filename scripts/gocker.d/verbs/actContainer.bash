# shellcheck shell=bash
# gocker actContainer: start a stopped container again
#
#   gocker actContainer CONTAINER...
#
# The same as gocker start. CONTAINER is an ID, the beginning of one, or a name.

become_image container start "$@"
