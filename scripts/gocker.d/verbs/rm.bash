# shellcheck shell=bash
# gocker rm: remove containers
#
#   gocker rm [-f] CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. What the container wrote
# goes with it, and so do its anonymous volumes.

become_image container rm "$@"
